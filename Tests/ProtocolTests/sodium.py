"""What nodes seal with the keys of gossip, made here by libsodium itself (Sources/Sodium/Keyring.swift has the packet's form)."""
import ctypes
import ctypes.util
import hashlib
import os

library = ctypes.CDLL(ctypes.util.find_library("sodium"))
assert library.sodium_init() >= 0
DATAGRAM, CALL, EXCHANGE = b"callslip gossip datagram", b"callslip peer call", b"callslip gossip exchange"


def cluster_id(name):
    return hashlib.blake2b(name.encode(), digest_size=32).digest()[:16]


def seal(plain, key, context, cluster=cluster_id("demo")):
    """`key` has 32 bytes, and is said in the packet by four bytes of its hash."""
    header = b"\x01" + hashlib.blake2b(b"callslip key id", key=key, digest_size=32).digest()[:4]
    associated, nonce = header + bytes([len(cluster)]) + cluster + context, os.urandom(24)
    out, length = ctypes.create_string_buffer(len(plain) + 16), ctypes.c_ulonglong()
    status = library.crypto_aead_xchacha20poly1305_ietf_encrypt(
        out, ctypes.byref(length), plain, ctypes.c_ulonglong(len(plain)), associated, ctypes.c_ulonglong(len(associated)), None, nonce, key)
    assert status == 0 and length.value == len(plain) + 16
    return header + nonce + out.raw
