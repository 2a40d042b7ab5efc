"""One-time codes as an app on a phone makes them (RFC 6238), by hand."""
import base64
import hmac
import struct
import time


def code_of(secret, ahead=0):
    """The code of six digits, `ahead` steps from now.

    secret: in base32, in groups or not.
    """
    mac = hmac.digest(base64.b32decode(secret.replace(" ", "")), struct.pack(">Q", int(time.time()) // 30 + ahead), "sha1")
    at = mac[19] & 15
    return f"{(struct.unpack('>I', mac[at:at + 4])[0] & 0x7fffffff) % 1000000:06}"
