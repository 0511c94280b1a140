"""Labelled pairs of wordings, to measure by how well one story is told from another.

Everything is made from the bundled sample posts by seeded edits, so that two runs measure the same pairs: no
network, no clock, no file but the posts. Not here: the measuring (`likeness.py` beside this file).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crawler.likeness import Wording
from crawler.ops.sample_site.body import render
from crawler.ops.sample_site.site import bundled_posts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SEED = 20220420
SHORT = 200

_CREDIT = re.compile(r"<p class=\"em_media\">.*?</p>|<p style=\"display:none.*?</p>|\n\n<https?://.*|\n\n<>.*", re.DOTALL)
_BLOCK_END = re.compile(r"</p>|\n")
_TAG = re.compile(r"<[^>]*>")
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_TWO_HANS = re.compile(r"[\u4e00-\u9fff]{2}")

_HEADERS = [
    "（记者 张三）",
    "财联社4月20日电，",
    "新华社南昌4月19日电（记者 李四、王五）",
    "证券时报网讯，",
    "每经AI快讯，",
    "格隆汇4月20日丨",
    "本报记者 赵六 南昌报道\n",
    "【",
]
_FOOTERS = [
    "（文章来源：大江网）",
    "（上海证券报）",
    "\n责任编辑：钱七",
    "（记者 孙八）",
    "（来源：界面新闻 编辑：周九）",
    "（完）",
    "\n（责任编辑：吴十 HF062）",
]
_COMPANIES = "晨岭电气 瑞枫日化 澜海生物 启桓半导体 泰柯重工 望湖软件 鹿鸣精工 清源膜材 沐川化工 山屿科技".split()
_ITEMS = [
    "{company}：一季度净利润同比增长{a}%",
    "{company}（{code}）公告，一季度实现营业收入{a}亿元，同比增长{b}%；净利润{c}亿元，同比增长{d}%。",
    "{company}：股东拟减持不超过{a}%公司股份，减持价格按市场价格确定。",
    "{company}今日涨停，成交额{a}亿元，换手率{b}%，龙虎榜数据显示机构净买入{c}万元。",
    "{company}({code})在互动平台表示，公司目前生产经营一切正常，订单充足，产能利用率约{a}%。",
    "{company}：拟以{a}亿元至{b}亿元回购公司股份，回购价格不超过{c}元/股，用于员工持股计划。",
    "沪指开盘涨{a}%，深成指涨{b}%，创业板指涨{c}%，{company}高开{d}%。",
]
_LONG_ITEM = (
    "{company}（{code}）发布一季度报告。报告期内，公司实现营业收入{a}亿元，同比增长{b}%；实现归属于上市公司股东的净利润"
    "{c}亿元，同比增长{d}%；扣除非经常性损益后的净利润{e}亿元，同比增长{f}%；基本每股收益{g}元。\n"
    "截至报告期末，公司总资产{h}亿元，较上年度末增长{i}%；归属于上市公司股东的净资产{j}亿元。经营活动产生的现金流量净额为"
    "{k}亿元。公司表示，业绩增长主要系报告期内主要产品销量增长、产品结构优化以及期间费用率下降所致。\n"
    "融资融券数据显示，该股近五日融资净流入{l}万元，融券余额{m}万元。近九十天内共有{n}家机构给出评级，过去九十天内机构目标均价为"
    "{o}元。以上内容由公开信息整理，与本站立场无关，不构成投资建议，投资者据此操作，风险自担。"
)
_BOILERPLATE = [
    "点击查看原图。",
    "本视频由合作机构制作，版权归原作者所有。更多精彩内容，请下载客户端观看。投资有风险，入市须谨慎。",
    "以上内容与数据仅供参考，不构成投资建议，使用前请核实。据此操作，风险自担。相关公告全文请见附件。",
]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two wordings, what was done to make them, and whether they tell one story."""

    kind: str
    one: Wording
    other: Wording
    same: bool


def pairs(seed: int = SEED) -> list[Pair]:
    """Return all pairs, the same for the same seed and the same sample posts."""
    chance = random.Random(seed)
    return [*_same(chance), *_different(chance)]


def rolling_items(count: int, seed: int = SEED) -> list[Wording]:
    """Return `count` short items of the same few templates, as a rolling news channel publishes them."""
    chance = random.Random(seed)
    return [_item(chance, chance.choice(_ITEMS), _company(chance)) for _ in range(count)]


@cache
def posts() -> tuple[Wording, ...]:
    """Return the bundled sample posts that have a text, a paragraph to a line, without the site's own lines."""
    read = (Wording(post.title, _plain(post.body)) for post in bundled_posts())
    return tuple(wording for wording in read if len(wording.text) > SHORT // 2)


@cache
def long_posts() -> tuple[Wording, ...]:
    """Return posts of several hundred characters and more: the long sample, its parts, and short ones joined."""
    short = [post for post in posts() if len(post.text) < 2 * SHORT]
    (whole,) = (post for post in posts() if len(post.text) >= 2 * SHORT)
    lines = whole.text.splitlines()
    parts = [Wording(whole.title, "\n".join(lines[start : start + 6])) for start in range(0, len(lines) - 5, 6)]
    joined = [
        Wording(one.title, f"{one.text}\n{two.text}") for one, two in zip(short[::2], short[1::2], strict=False)
    ]
    return (whole, *parts, *joined)


@cache
def flashes() -> tuple[Wording, ...]:
    """Return short items: the first sentences of every post, up to `SHORT` characters, its title or none."""
    made = []
    for number, post in enumerate(posts()):
        text = ""
        for sentence in _SENTENCE.findall(post.text):
            if len(text) + len(sentence) > SHORT * 3 // 4:
                break
            text += sentence
        if text:
            made.append(Wording(post.title if number % 2 else "", text))
    return tuple(made)


def _same(chance: random.Random) -> Iterator[Pair]:
    every: Sequence[Wording] = (*posts(), *long_posts(), *flashes())
    for kind, sources, edit in (
        ("exact", every, _untouched),
        ("another header", every, _headed),
        ("another footer", every, _footed),
        ("other header and footer each", every, _framed),
        ("another headline", every, _own_headline),
        ("paragraphs reordered", (*posts(), *long_posts()), _reordered),
        ("cut to 60-90 %", every, _cut),
        ("cut, with a header", every, lambda chance, text: _headed(chance, _cut(chance, text))),
        ("2-5 % of words replaced", (*posts(), *long_posts()), _reworded),
        ("words replaced in a short item", flashes(), _reworded),
        ("a changed figure in a long text", long_posts() * 3, _refigured),
    ):
        for source in sources:
            yield Pair(kind, _dressed(chance, source, kind), edit(chance, source), same=True)


def _different(chance: random.Random) -> Iterator[Pair]:
    for source in (*flashes(), *flashes()):
        if _FIGURE.search(source.text):
            yield Pair("a changed figure in a short item", source, _refigured(chance, source), same=False)
    for template in _ITEMS * 8:
        company = _company(chance)
        one = _item(chance, template, company)
        yield Pair("another figure in a template", one, _refigured(chance, one), same=False)
        yield Pair("another company in a template", one, _renamed(chance, one, company), same=False)
        yield Pair("a template filled in anew", one, _item(chance, template, _company(chance)), same=False)
    for _ in range(40):
        one, other = (_item(chance, _LONG_ITEM, _company(chance)) for _ in range(2))
        yield Pair("a long template filled in anew", one, other, same=False)
    for number in range(80):
        yield _same_topic(chance, 0.2 + 0.2 * number / 80)
    for text in _BOILERPLATE:
        for _ in range(10):
            one, other = chance.sample(posts(), 2)
            if one.title and other.title:
                yield Pair("boilerplate for a text", Wording(one.title, text), Wording(other.title, text), same=False)
    for source in flashes():
        rest = chance.sample(flashes(), 3)
        digest = "\n".join(item.text for item in (source, *rest) if item is rest[0] or item.text != source.text)
        yield Pair("an item and a digest holding it", source, Wording("早间要闻", source.text + "\n" + digest), same=False)
    every = posts()
    for number, one in enumerate(every):
        for other in every[:number]:
            yield Pair("unrelated", one, other, same=False)


def _plain(body: str) -> str:
    markup = _CREDIT.sub("", render(_CREDIT.sub("", body)))
    lines = (_TAG.sub("", line).strip() for line in _BLOCK_END.split(markup))
    return "\n".join(line for line in lines if line and not line.startswith("返回"))


def _dressed(chance: random.Random, source: Wording, kind: str) -> Wording:
    return _framed(chance, source) if kind == "other header and footer each" else source


def _untouched(_: random.Random, source: Wording) -> Wording:
    return source


def _headed(chance: random.Random, source: Wording) -> Wording:
    header = chance.choice(_HEADERS)
    bracketed = f"【{source.title}】" if source.title else ""
    return Wording(source.title, (bracketed if header == "【" else header) + source.text)


def _footed(chance: random.Random, source: Wording) -> Wording:
    return Wording(source.title, source.text + chance.choice(_FOOTERS))


def _framed(chance: random.Random, source: Wording) -> Wording:
    return _footed(chance, _headed(chance, source))


def _own_headline(chance: random.Random, source: Wording) -> Wording:
    first = re.split(r"[，。：；]", source.text, maxsplit=2)
    title = chance.choice([first[0], "，".join(first[:2]), f"快讯：{source.title}", source.title[: len(source.title) * 2 // 3]])
    return Wording(title, source.text)


def _reordered(chance: random.Random, source: Wording) -> Wording:
    lines = source.text.splitlines()
    if len(lines) == 1:
        lines = _SENTENCE.findall(source.text)
    chance.shuffle(lines)
    return Wording(source.title, "\n".join(lines))


def _cut(chance: random.Random, source: Wording) -> Wording:
    return Wording(source.title, source.text[: round(len(source.text) * chance.uniform(0.6, 0.9))])


def _reworded(chance: random.Random, source: Wording) -> Wording:
    words = [found.start() for found in _TWO_HANS.finditer(source.text)]
    others = _TWO_HANS.findall("".join(post.text for post in posts()))
    text = source.text
    for start in chance.sample(words, max(1, round(len(text) * chance.uniform(0.02, 0.05) / 2))):
        text = text[:start] + chance.choice(others) + text[start + 2 :]
    return Wording(source.title, text)


def _refigured(chance: random.Random, source: Wording) -> Wording:
    found = chance.choice(list(_FIGURE.finditer(source.text)))
    digits = found[0]
    place = chance.choice([at for at, digit in enumerate(digits) if digit.isdigit()])
    digit = chance.choice([other for other in "123456789" if other != digits[place]])
    changed = digits[:place] + digit + digits[place + 1 :]
    return Wording(source.title, source.text[: found.start()] + changed + source.text[found.end() :])


def _company(chance: random.Random) -> tuple[str, str]:
    return chance.choice(_COMPANIES), str(chance.randrange(600000, 605000))


def _item(chance: random.Random, template: str, company: tuple[str, str]) -> Wording:
    figures = {letter: f"{chance.uniform(0.1, 90):.{chance.randrange(3)}f}" for letter in "abcdefghijklmno"}
    text = template.format(company=company[0], code=company[1], **figures)
    return Wording(re.split("[，；。]", text)[0], text)


def _renamed(chance: random.Random, source: Wording, company: tuple[str, str]) -> Wording:
    name = chance.choice([other for other in _COMPANIES if other != company[0]])
    return Wording(source.title.replace(company[0], name), source.text.replace(company[0], name))


def _same_topic(chance: random.Random, share: float) -> Pair:
    pool = _SENTENCE.findall(chance.choice(long_posts()[:1] * 3 + long_posts()[3:]).text)
    chance.shuffle(pool)
    common = max(1, round(len(pool) * share / (2 - share)))
    shared, rest = pool[:common], pool[common:]
    halves = rest[::2], rest[1::2]
    texts = []
    for half in halves:
        sentences = [*shared, *half]
        chance.shuffle(sentences)
        texts.append("".join(sentences))
    return Pair("one topic, 20-40 % of sentences shared", Wording("", texts[0]), Wording("", texts[1]), same=False)
