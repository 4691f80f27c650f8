"""The draw contract of src/random.rs, in plain Python: ChaCha with 8 rounds (D. J. Bernstein, 2008)
keyed by (seed, purpose), and the draws made from it."""

import math
import struct

MASK = 0xFFFFFFFF
PURPOSES = {"init": 1, "batches": 2, "dropout": 3, "split": 4, "data": 5, "trial": 6, "sampler": 7, "rescore": 8}


def rotate(x, n):
    return ((x << n) | (x >> (32 - n))) & MASK


def quarter_round(s, a, b, c, d):
    s[a] = (s[a] + s[b]) & MASK
    s[d] = rotate(s[d] ^ s[a], 16)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotate(s[b] ^ s[c], 12)
    s[a] = (s[a] + s[b]) & MASK
    s[d] = rotate(s[d] ^ s[a], 8)
    s[c] = (s[c] + s[d]) & MASK
    s[b] = rotate(s[b] ^ s[c], 7)


def block(key, counter, stream):
    """The 64 bytes of one block: 64-bit counter, 64-bit stream number."""
    start = list(struct.unpack("<4I", b"expand 32-byte k"))
    start += struct.unpack("<8I", key)
    start += [counter & MASK, counter >> 32, stream & MASK, stream >> 32]
    s = list(start)
    for _ in range(4):
        quarter_round(s, 0, 4, 8, 12)
        quarter_round(s, 1, 5, 9, 13)
        quarter_round(s, 2, 6, 10, 14)
        quarter_round(s, 3, 7, 11, 15)
        quarter_round(s, 0, 5, 10, 15)
        quarter_round(s, 1, 6, 11, 12)
        quarter_round(s, 2, 7, 8, 13)
        quarter_round(s, 3, 4, 9, 14)
    return struct.pack("<16I", *((a + b) & MASK for a, b in zip(s, start)))


class Stream:
    def __init__(self, seed, purpose, index):
        self.key = struct.pack("<QQQQ", seed, PURPOSES[purpose], 0, 0)
        self.index = index
        self.counter = 0
        self.buffer = b""
        self.spare = None

    def bytes(self, n):
        while len(self.buffer) < n:
            self.buffer += block(self.key, self.counter, self.index)
            self.counter += 1
        taken, self.buffer = self.buffer[:n], self.buffer[n:]
        return taken

    def bits(self):
        return struct.unpack("<Q", self.bytes(8))[0]

    def uniform(self):
        return (self.bits() >> 11) / 2**53

    def below(self, n):
        return (self.bits() * n) >> 64

    def normal(self):
        if self.spare is not None:
            z, self.spare = self.spare, None
            return z
        u1 = ((self.bits() >> 11) + 1) / 2**53
        angle = 2.0 * math.pi * self.uniform()
        radius = math.sqrt(-2.0 * math.log(u1))
        self.spare = radius * math.sin(angle)
        return radius * math.cos(angle)

    def permutation(self, n):
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            j = self.below(i + 1)
            order[i], order[j] = order[j], order[i]
        return order


def weights(stream, std, n, uniform):
    """The draws of an initialiser: std * normal, or uniform with the same standard deviation."""
    if uniform:
        return [math.sqrt(3.0) * std * (2.0 * stream.uniform() - 1.0) for _ in range(n)]
    return [std * stream.normal() for _ in range(n)]


def golden():
    streams = []
    for seed, purpose, index in [(0, "init", 0), (1, "batches", 7), (2**63 + 5, "dropout", 3 * 65536 + 2)]:
        case = {"seed": seed, "purpose": purpose, "index": index}
        draw = lambda: Stream(seed, purpose, index)
        s = draw()
        case["bits"] = [s.bits() for _ in range(20)]
        s = draw()
        case["uniform"] = [s.uniform() for _ in range(6)]
        s = draw()
        case["normal"] = [s.normal() for _ in range(7)]
        s = draw()
        case["below"] = {"n": [1, 2, 10, 60000, 2**40], "value": [s.below(n) for n in [1, 2, 10, 60000, 2**40]]}
        s = draw()
        case["permutation"] = s.permutation(12)
        case["bits_after_permutation"] = s.bits()
        case["bytes"] = list(draw().bytes(10))
        streams.append(case)

    inits = []
    for name, std in [("std", 0.01), ("xavier", math.sqrt(1 / 3)), ("glorot", math.sqrt(2 / 5)), ("he", math.sqrt(2 / 3))]:
        for uniform in [False, True] if name != "std" else [False]:
            values = weights(Stream(11, "init", 2), std, 6, uniform)
            inits.append({"init": name + ("-uniform" if uniform else ""), "seed": 11, "index": 2,
                          "fan_in": 3, "fan_out": 2, "weights": values})

    masks = []
    for ratio in [0.0, 0.2, 0.5, 0.999]:
        threshold = min(math.floor(ratio * 65536 + 0.5), 65535)
        draws = struct.unpack("<16H", Stream(5, "dropout", 65536 + 1).bytes(32))
        masks.append({"seed": 5, "index": 65536 + 1, "ratio": ratio, "threshold": threshold,
                      "kept": [draw >= threshold for draw in draws]})
    return {"streams": streams, "inits": inits, "masks": masks}
