"""Writes a package of version 1 from the description of the format alone.

usage: legacy_s9pk.py FOLDER OUTPUT: FOLDER has manifest.json and, for each other section, a file of
its name (license, instructions, icon, docker_images, assets, scripts).
"""

import hashlib
import json
import os
import struct
import sys

SECTIONS = ("manifest", "license", "instructions", "icon", "docker_images", "assets", "scripts")

# --- Ed25519ph as in RFC 8032, section 5.1 ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def add(p, q):
    a = (p[1] - p[0]) * (q[1] - q[0]) % P
    b = (p[1] + p[0]) * (q[1] + q[0]) % P
    c = 2 * p[3] * q[3] * D % P
    d = 2 * p[2] * q[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def multiply(scalar, point):
    out = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            out = add(out, point)
        point, scalar = add(point, point), scalar >> 1
    return out


def base_point():
    y = 4 * pow(5, P - 2, P) % P
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x & 1:
        x = P - x
    return (x, y, 1, x * y % P)


def encode(point):
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


def sign(seed, context, prehash):
    digest = hashlib.sha512(seed).digest()
    secret = int.from_bytes(digest[:32], "little") & ((1 << 254) - 8) | 1 << 254
    public = encode(multiply(secret, base_point()))
    domain = b"SigEd25519 no Ed25519 collisions" + bytes([1, len(context)]) + context

    def number(*parts):
        return int.from_bytes(hashlib.sha512(b"".join((domain,) + parts)).digest(), "little") % L

    r = number(digest[32:], prehash)
    point = encode(multiply(r, base_point()))
    s = (r + number(point, public, prehash) * secret) % L
    return public, point + s.to_bytes(32, "little")


# --- CBOR, as much as manifests need ---
def head(kind, value):
    for limit, info, form in ((24, None, None), (1 << 8, 24, ">B"), (1 << 16, 25, ">H"),
                              (1 << 32, 26, ">I"), (1 << 64, 27, ">Q")):
        if value < limit:
            if info is None:
                return bytes([kind << 5 | value])
            return bytes([kind << 5 | info]) + struct.pack(form, value)
    raise ValueError(value)


def cbor(value):
    if value is None:
        return b"\xf6"
    if value is True or value is False:
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, list):
        return head(4, len(value)) + b"".join(map(cbor, value))
    return head(5, len(value)) + b"".join(cbor(k) + cbor(v) for k, v in value.items())


def section(folder, name):
    if name == "manifest":
        with open(os.path.join(folder, "manifest.json")) as file:
            return cbor(json.load(file))
    path = os.path.join(folder, name)
    if not os.path.exists(path):
        return None
    with open(path, "rb") as file:
        return file.read()


def main(folder, output):
    contents = [(name, section(folder, name)) for name in SECTIONS]
    size = sum(17 + len(name) for name, _ in contents)
    position, table, content = 103 + size, b"", b""
    for name, data in contents:
        # What is not there has a row of zeros.
        place = (position + len(content), len(data)) if data is not None else (0, 0)
        table += bytes([len(name)]) + name.encode() + struct.pack(">QQ", *place)
        content += data or b""
    seed = bytes(range(32))
    public, signature = sign(seed, b"s9pk", hashlib.sha512(content).digest())
    with open(output, "wb") as file:
        file.write(b"\x3b\x3b\x01" + public + signature + struct.pack(">I", size) + table + content)


main(*sys.argv[1:])
