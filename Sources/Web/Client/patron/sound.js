/** Two soft notes for a message that arrives while the page is out of sight. Made, not loaded. */

let context = null;

/** Browsers allow sound only after a person did something: call this in a click or a key. */
export function allowSound() {
    try {
        context ??= new AudioContext();
        if (context.state === "suspended") context.resume().catch(() => {});
    } catch {
        context = null;
    }
}

export function chime() {
    if (!context || context.state !== "running") return;
    const start = context.currentTime;
    for (const [at, pitch] of [[0, 587.33], [0.14, 783.99]]) {
        const note = context.createOscillator();
        const volume = context.createGain();
        note.type = "sine";
        note.frequency.value = pitch;
        volume.gain.setValueAtTime(0, start + at);
        volume.gain.linearRampToValueAtTime(0.08, start + at + 0.02);
        volume.gain.exponentialRampToValueAtTime(0.0001, start + at + 0.35);
        note.connect(volume).connect(context.destination);
        note.start(start + at);
        note.stop(start + at + 0.4);
    }
}
