r"""Any text as LaTeX sets it: nothing that a name of an optimizer or task could break."""

from __future__ import annotations

_SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#", "%": r"\%",
    "_": r"\_\allowbreak{}", "/": r"/\allowbreak{}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': r"\textquotedbl{}", "\u00a0": "~", "`": r"\textasciigrave{}", "'": "'",
    "²": r"\textsuperscript{2}", "³": r"\textsuperscript{3}", "≥": r"$\geq$", "≤": r"$\leq$", "×": r"$\times$",
    "·": r"$\cdot$", "°": r"\textdegree{}", "µ": r"$\mu$", "∞": r"$\infty$",
    "±": r"$\pm$", "−": "$-$", "–": "--", "—": "---", "…": r"\ldots{}", "†": r"\textsuperscript{\dag}",
    "’": "'", "‘": "`", "“": "``", "”": "''",
}  # fmt: skip
_GREEK = """alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho varsigma sigma tau
upsilon phi chi psi omega""".split()  # noqa: SIM905  as in Unicode's order
_LETTERS = {chr(0x3B1 + place): rf"$\{name}$" for place, name in enumerate(_GREEK) if name != "omicron"}
# Latin letters that the encoding T1 has
_T1 = frozenset(chr(code) for code in range(0xC0, 0x180)) - set("ĦħĸŊŋŦŧſŉĿŀĲĳ×÷") | set("ŋŊ")


def escape(text: str) -> str:
    r"""Text that LaTeX sets as it stands: `a_b` becomes `a\_b`; a letter that T1 fonts lack becomes `[U+4F18]`."""
    return "".join(_letter(letter) for letter in text)


def _letter(letter: str) -> str:
    known = _SPECIAL.get(letter) or _LETTERS.get(letter)
    if known:
        return known
    if letter.isascii():
        return letter if letter.isprintable() else " "
    return letter if letter in _T1 else f"[U+{ord(letter):04X}]"
