"""Finds the groups of a code in a text that a person typed, pasted or saved (PROTOCOL 3.4). No key is involved."""

import re

_LETTERS = 40
_UNSEEN = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]+")
"""Invisible characters that editors, messengers and web pages add."""
_FULL_WIDTH = {0xFEE0 + sign: sign for sign in range(0x21, 0x7F)}
"""Full-width letters, hyphens and digits of East Asian keyboards, and their ASCII forms."""
# Listed one by one, since programming languages differ on their class of white space.
_SEPARATORS = re.compile(
    "[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
    "\\-_.,:;*|<>()\\[\\]\"'`"
    "\u00ab\u00b4\u00b7\u00bb\u2010-\u2015\u2018-\u201f\u2022\u2032\u2033\u2039\u203a\u2043\u2212"
    "\u3001\u3002\u300c-\u300f\ufe58\ufe63\uff61-\uff64]+"
)
_NUMBER = re.compile("0?([1-8])")


def groups_of(text: str) -> list[str]:
    """All groups of a text in lower case, well-formed or not."""
    seen = _UNSEEN.sub("", text).translate(_FULL_WIDTH).lower()
    groups: list[str] = []
    for piece in filter(None, _SEPARATORS.split(seen)):
        number = _NUMBER.fullmatch(piece)
        # "3. lusab": the number says which group comes next, and is not a group itself.
        if number is None or int(number[1]) != len(groups) + 1:
            groups.append(piece)
    if len(groups) == 1 and len(groups[0]) == _LETTERS:
        return [groups[0][at : at + 5] for at in range(0, _LETTERS, 5)]
    return groups
