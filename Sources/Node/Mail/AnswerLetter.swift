/// What a patron is mailed when the question that they left was answered: what was said, in order, and nothing of notes among staff.

import Consortium
import Mail
import Transcripts

enum AnswerLetter {
    /// Nil where the patron's contact is no address.
    static func message(_ transcript: Transcript, from: MailAddress, title: String, sentS: Int64) -> MailMessage? {
        guard let to = MailAddress(transcript.contact) else { return nil }
        var text = "Your question to \(title) was answered.\r\n"
        for message in transcript.messages {
            guard case .text(let words, _, _) = message.body else { continue }
            text += "\r\n\(name(message.author)):\r\n\(lines(words))\r\n"
        }
        text +=
            "\r\nYou can also read it with your code, in the chat on the library's page. If you have another question, ask it there: nobody reads answers to this mail.\r\n"
        return MailMessage(
            from: from, sender: title, to: to, subject: "The answer to your question", text: text,
            id: "\(transcript.chat.text).\(transcript.openedMs)", sentS: sentS)
    }

    private static func name(_ author: ChatMessage.Author) -> String {
        if case .staff(_, let displayName, _) = author { displayName } else { "You" }
    }

    private static func lines(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n")
    }
}
