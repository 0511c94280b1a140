"""Finding figures in a text, and dividing a sentence into pieces without cutting a figure.

Pure functions over strings. Not here: which figures changed (`crawler.text.differences`), and the value of a figure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_DIGIT, _LETTER = "0-9０-９", "A-Za-zＡ-Ｚａ-ｚ\u00c0-\u024f"
_START = rf"(?<![{_LETTER}{_DIGIT}])(?<![{_DIGIT}][.．])"
_STOP = rf"(?![{_LETTER}{_DIGIT}])"
_GAP = r"[^\S\n]*+"
_MULTIPLE = "(?:[十千万亿兆]|百(?!分))"
# Longer units come before their own prefixes. The beginning of a word is not a unit: iPhone 13 手机.
_UNIT = "|".join(
    """
    个百分点 百分点 个基点 基点 个交易日 交易日 个工作日 工作日 个季度 季度 个月 个
    美元 港元 港币 欧元 日元 英镑 韩元 卢布 人民币 元 平方公里 平方米 立方米 公里 米
    瓦时 瓦 公斤 克拉 克 吨 升 桶 盎司 亩 公顷 标箱 人次 小时 分钟
    股 手(?!机) 份 张 笔 点 倍 家(?!庭) 只 户 人 名 位 次 项 例 辆 台 套 部 架 艘 件 颗 条 款 期 岁 年 月 日(?!本)
    周 天 时 分(?!析) 秒
    """.split()
)
_LATIN_UNIT = "bps?|pct|[kmgt]?wh?|kg|km|cm|mm|nm|usd|rmb|cny|hkd"
_CODE = rf"(?:[{_DIGIT}]{{1,6}}[.．](?:SH|SZ|BJ|HK)|(?:SH|SZ|BJ|HK)[.:：]?[{_DIGIT}]{{5,6}}){_STOP}"
_DATE = rf"[{_DIGIT}]{{4}}(?P<dash>[-/.])[{_DIGIT}]{{1,2}}(?P=dash)[{_DIGIT}]{{1,2}}{_STOP}"
_CHINESE_DATE = rf"[{_DIGIT}]{{1,4}}{_GAP}[年月日时分](?:{_GAP}[{_DIGIT}]{{1,2}}{_GAP}[月日时分秒])+"
_CLOCK = rf"[{_DIGIT}]{{1,2}}(?:[:：][{_DIGIT}]{{2}}){{1,2}}{_STOP}"
_NUMBER = rf"(?>[{_DIGIT}]{{1,3}}(?:[,，][{_DIGIT}]{{3}}){{1,6}}(?![{_DIGIT}])|[{_DIGIT}]+)(?>[.．][{_DIGIT}]+)?"
# A number with what may follow it: 13.5%, 3万kW, 12.5亿元, 3亿多元, 8.6元/股.
_AMOUNT = (
    rf"{_NUMBER}(?:{_GAP}[%％‰]|{_GAP}{_MULTIPLE}*+{_GAP}(?:{_LATIN_UNIT}){_STOP}"
    rf"|{_STOP}(?:{_GAP}{_MULTIPLE}++)?(?:{_GAP}[多余]?(?:{_UNIT})(?:[/／](?:{_UNIT}))?)?)"
)
_SIGN = rf"(?:(?<![{_LETTER}{_DIGIT}])(?P<sign>[-+－＋−])(?=[{_DIGIT}]))?"
_FIGURE = rf"(?P<figure>{_SIGN}{_START}(?:{_CODE}|{_DATE}|{_CHINESE_DATE}|{_CLOCK}|{_AMOUNT}))"
# A figure, a word with its digits, or a single character, each with the white space after it.
_PIECE = re.compile(rf"(?:{_FIGURE}|[{_LETTER}{_DIGIT}]+(?:[.．][{_DIGIT}]+)*|.)\s*", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of a sentence that changes as a whole: its `text`, including the white space after it."""

    text: str
    is_figure: bool


def figures(text: str) -> list[str]:
    """Return the figures in `text` as written, with sign and unit: amounts, percentages, dates, codes.

    Digits within a word (`5G`, `NW2022`) do not count, nor do Chinese numerals (`三成`).
    """
    return figures_in(pieces(text))


def pieces(text: str) -> list[Piece]:
    """Divide `text` into figures, words including their digits, and single characters; joined, they are `text`."""
    result: list[Piece] = []
    for match in _PIECE.finditer(text):
        sign = match["sign"]
        if sign and result and result[-1].is_figure:  # 5%-10% is a range
            result += [Piece(sign, is_figure=False), Piece(match[0].removeprefix(sign), is_figure=True)]
        else:
            result.append(Piece(match[0], is_figure=match["figure"] is not None))
    return result


def figures_in(pieces: Iterable[Piece]) -> list[str]:
    """Return the figures among the pieces of a text, without the white space around them."""
    return [piece.text.strip() for piece in pieces if piece.is_figure]
