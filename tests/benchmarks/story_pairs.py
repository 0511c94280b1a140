"""Labelled pairs of wordings, to measure by how well one story is told from another.

All are made from the bundled sample posts by seeded edits, so that two runs measure the same pairs: no network, no
clock, no file but the posts. Not here: the measuring (`likeness.py` beside this file).
"""

from __future__ import annotations

import html
import random
import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from crawler.ops.sample_site.body import render
from crawler.ops.sample_site.site import bundled_posts
from crawler.text.near_duplicates import TitledText

if TYPE_CHECKING:
    from collections.abc import Iterator

SEED = 20220420
# Texts of fewer characters are short.
SHORT = 200

_NOT_THE_POST_S = re.compile(
    r"<p class=\"em_media\">.*?</p>|<p style=\"display:none.*?</p>|\n\n<https?://.*|\n\n<>.*", re.DOTALL
)
_BLOCK_END = re.compile(r"</p>|\n")
_TAG = re.compile(r"<[^>]*>")
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")
_CLAUSE_END = re.compile(r"[，。：；]")
_FIGURE = re.compile(r"\d+(?:\.\d+)?")
_WORD = re.compile(r"[\u4e00-\u9fff]{2}")

# A bracket stands for the title in brackets; the last two of either list are unknown to crawler.text.boilerplate.
_HEADERS = [
    "【",
    "（记者 张三）",
    "财联社4月20日电，",
    "新华社南昌4月19日电（记者 李四、王五）",
    "证券时报网讯，",
    "每经AI快讯，",
    "格隆汇4月20日丨",
    "本报记者 赵六 南昌报道\n",
    "据央视新闻消息，",
    "【环球网财经综合报道】",
    "观点网讯：",
    "南财快报丨",
    "据多家媒体援引知情人士，",
]
_FOOTERS = [
    "（文章来源：大江网）",
    "（上海证券报）",
    "\n责任编辑：钱七",
    "（记者 孙八）",
    "（来源：界面新闻 编辑：周九）",
    "（完）",
    "\n（责任编辑：吴十 HF062）",
    "\n股市有风险，投资须谨慎。",
    "\n声明：转载此文是出于传递更多信息之目的，不构成投资建议。",
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
_FORMS = [
    (
        "4月20日晚间，{company}公告称，公司于当日收到中国证监会《立案告知书》，因涉嫌信息披露违法违规，中国证监会决定对公司立案。"
        "{company}表示，将积极配合调查，并严格按照有关规定履行信息披露义务，目前生产经营活动正常开展，敬请广大投资者注意投资风险。"
    ),
    (
        "{company}公告，公司股票连续三个交易日内收盘价格涨幅偏离值累计超过20%，属于股票交易异常波动。经自查并向控股股东及实际"
        "控制人函证，不存在应披露而未披露的重大信息，前期披露的信息不存在需要更正、补充之处，公司目前生产经营情况正常。"
    ),
    (
        "针对投资者关于公司在手订单与产能情况的提问，{company}在互动平台回复称，公司目前在手订单充足，各生产基地均满负荷运转，"
        "新建产线正按计划推进，预计下半年陆续投产；原材料价格波动对公司影响可控，具体经营数据请以公司定期报告为准，感谢您的关注。"
    ),
]
_TITLES_OF_FORMS = ["{company}发布公告提示投资风险", "互动平台最新回复", "上市公司公告速递", "监管动态每日播报", ""]
_REPORT = (
    "{company}（{code}）发布一季度报告。报告期内，公司实现营业收入{a}亿元，同比增长{b}%；实现归属于上市公司股东的净利润"
    "{c}亿元，同比增长{d}%；扣除非经常性损益后的净利润{e}亿元，同比增长{f}%；基本每股收益{g}元。\n"
    "截至报告期末，公司总资产{h}亿元，较上年度末增长{i}%；归属于上市公司股东的净资产{j}亿元。经营活动产生的现金流量净额为"
    "{k}亿元。公司表示，业绩增长主要系报告期内主要产品销量增长、产品结构优化以及期间费用率下降所致。\n"
    "融资融券数据显示，该股近五日融资净流入{l}万元，融券余额{m}万元。近九十天内共有{n}家机构给出评级，机构目标均价为{o}元。"
    "以上内容由公开信息整理，与本站立场无关，不构成投资建议，投资者据此操作，风险自担。"
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
    one: TitledText
    other: TitledText
    same: bool


def pairs(seed: int = SEED) -> list[Pair]:
    """Return all pairs, the same for the same seed and the same sample posts."""
    chance = random.Random(seed)
    return [
        *_copies(chance),
        *_other_figures_and_names(chance),
        *_other_reports(chance),
        *_shared_sentences(chance),
        *_unrelated(),
    ]


def rolling_items(count: int, seed: int = SEED) -> list[TitledText]:
    """Return `count` short items of a few templates, as a rolling news channel publishes them."""
    chance = random.Random(seed)
    return [_item(chance, chance.choice(_ITEMS), _company(chance)) for _ in range(count)]


@cache
def posts() -> tuple[TitledText, ...]:
    """Return the bundled posts with a text worth the name, a paragraph to a line, without the site's own lines."""
    read = (TitledText(post.title, _plain(post.body)) for post in bundled_posts() if post.has_layout)
    return tuple(post for post in read if len(post.text) > SHORT // 2)


@cache
def long_posts() -> tuple[TitledText, ...]:
    """Return posts of several hundred characters and more: the long sample, its parts, and short ones joined."""
    whole = max(posts(), key=lambda post: len(post.text))
    others = [post for post in posts() if post is not whole]
    lines = whole.text.splitlines()
    parts = (TitledText(whole.title, "\n".join(lines[start : start + 6])) for start in range(0, len(lines) - 5, 6))
    joined = (TitledText(a.title, f"{a.text}\n{b.text}") for a, b in zip(others[::2], others[1::2], strict=False))
    return (whole, *parts, *joined)


@cache
def flashes() -> tuple[TitledText, ...]:
    """Return short items: the first sentences of each post, three of four with its title."""
    return tuple(
        TitledText(post.title if number % 4 else "", _first_sentences(post.text))
        for number, post in enumerate(posts())
    )


def headed(chance: random.Random, source: TitledText) -> TitledText:
    """Put another outlet's header before a text."""
    header = chance.choice(_HEADERS)
    if header == "【":
        header = f"【{source.title}】" if source.title else ""
    return TitledText(source.title, header + source.text)


def cut(chance: random.Random, source: TitledText) -> TitledText:
    """Leave 60 to 90 % of a text."""
    return TitledText(source.title, source.text[: round(len(source.text) * chance.uniform(0.6, 0.9))])


def _copies(chance: random.Random) -> Iterator[Pair]:
    whole = (*posts(), *long_posts())
    every = (*whole, *flashes())
    for kind, sources, edit in (
        ("exact", every, _untouched),
        ("another header", every, headed),
        ("another footer", every, _footed),
        ("another headline", every, _own_headline),
        ("paragraphs reordered", whole, _reordered),
        ("cut to 60-90 %", every, cut),
        ("cut, with a header", every, _cut_and_headed),
        ("2-5 % of words replaced", whole, _reworded),
        ("words replaced in a short item", flashes(), _reworded),
        ("a changed figure in a long text", long_posts() * 3, _refigured),
    ):
        for source in sources:
            yield Pair(kind, source, edit(chance, source), same=True)
    for source in every:
        yield Pair("header and footer of each its own", _framed(chance, source), _framed(chance, source), same=True)


def _other_figures_and_names(chance: random.Random) -> Iterator[Pair]:
    for source in (*flashes(), *flashes()):
        if _FIGURE.search(source.text):
            yield Pair("a changed figure in a short item", source, _refigured(chance, source), same=False)
    for template in _ITEMS * 8:
        company = _company(chance)
        one = _item(chance, template, company)
        yield Pair("another figure in a template", one, _refigured(chance, one), same=False)
        yield Pair("another company in a template", one, _renamed(chance, one, company[0]), same=False)
        yield Pair("a template filled in anew", one, _item(chance, template, _company(chance)), same=False)
    for form in _FORMS * 11:
        company = _company(chance)
        title = chance.choice(_TITLES_OF_FORMS).format(company=company[0])
        one = TitledText(title, form.format(company=company[0]))
        yield Pair("another company in a form of words", one, _renamed(chance, one, company[0]), same=False)


def _other_reports(chance: random.Random) -> Iterator[Pair]:
    everything = "\n".join(_FORMS)
    for _ in range(40):
        one, other = (_item(chance, _REPORT, _company(chance)) for _ in range(2))
        yield Pair("a long template filled in anew", one, other, same=False)
    for _ in range(10):
        company = _company(chance)
        one = TitledText(_TITLES_OF_FORMS[0], everything)
        one = TitledText(one.title.format(company=company[0]), one.text.format(company=company[0]))
        yield Pair("another company in a long form of words", one, _renamed(chance, one, company[0]), same=False)


def _shared_sentences(chance: random.Random) -> Iterator[Pair]:
    for number in range(80):
        one, other = _halves(chance, 0.2 + 0.2 * number / 80)
        yield Pair("one topic, 20-40 % of sentences shared", one, other, same=False)
    for text in _BOILERPLATE * 10:
        one, other = (TitledText(post.title, text) for post in chance.sample(_titled(), 2))
        yield Pair("boilerplate for a text", one, other, same=False)
    for source in flashes():
        items = chance.sample([item.text for item in flashes() if item is not source], 2)
        digest = TitledText("早间要闻", "\n".join((source.text, *items)))
        yield Pair("an item and a digest holding it", source, digest, same=False)


def _unrelated() -> Iterator[Pair]:
    for number, one in enumerate(posts()):
        for other in posts()[:number]:
            yield Pair("unrelated", one, other, same=False)


def _plain(body: str) -> str:
    markup = _NOT_THE_POST_S.sub("", render(_NOT_THE_POST_S.sub("", body)))
    lines = (html.unescape(_TAG.sub("", line)).strip() for line in _BLOCK_END.split(markup))
    return "\n".join(line for line in lines if line and not line.startswith("返回"))


def _first_sentences(text: str) -> str:
    first, *others = _SENTENCE.findall(text)
    for sentence in others:
        if len(first) + len(sentence) > SHORT * 3 // 4:
            break
        first += sentence
    return first


def _titled() -> list[TitledText]:
    return [post for post in posts() if post.title]


def _untouched(_: random.Random, source: TitledText) -> TitledText:
    return source


def _footed(chance: random.Random, source: TitledText) -> TitledText:
    return TitledText(source.title, source.text + chance.choice(_FOOTERS))


def _framed(chance: random.Random, source: TitledText) -> TitledText:
    return _footed(chance, headed(chance, source))


def _cut_and_headed(chance: random.Random, source: TitledText) -> TitledText:
    return headed(chance, cut(chance, source))


def _own_headline(chance: random.Random, source: TitledText) -> TitledText:
    first, second, *_ = [*_CLAUSE_END.split(source.text), ""]
    shortened = source.title[: len(source.title) * 2 // 3]
    return TitledText(chance.choice([first, f"{first}，{second}", f"快讯：{source.title}", shortened]), source.text)


def _reordered(chance: random.Random, source: TitledText) -> TitledText:
    lines = source.text.splitlines()
    if len(lines) == 1:
        lines = _SENTENCE.findall(source.text)
    return TitledText(source.title, "\n".join(chance.sample(lines, len(lines))))


def _reworded(chance: random.Random, source: TitledText) -> TitledText:
    words = [found.start() for found in _WORD.finditer(source.text)]
    others = _WORD.findall("".join(post.text for post in posts()))
    text = source.text
    for start in chance.sample(words, max(1, round(len(text) * chance.uniform(0.02, 0.05) / 2))):
        text = text[:start] + chance.choice(others) + text[start + 2 :]
    return TitledText(source.title, text)


def _refigured(chance: random.Random, source: TitledText) -> TitledText:
    found = chance.choice(list(_FIGURE.finditer(source.text)))
    place = chance.choice([at for at in range(*found.span()) if source.text[at].isdigit()])
    digit = chance.choice([other for other in "123456789" if other != source.text[place]])
    return TitledText(source.title, source.text[:place] + digit + source.text[place + 1 :])


def _company(chance: random.Random) -> tuple[str, str]:
    return chance.choice(_COMPANIES), str(chance.randrange(600000, 605000))


def _item(chance: random.Random, template: str, company: tuple[str, str]) -> TitledText:
    figures = {letter: f"{chance.uniform(0.1, 90):.{chance.randrange(3)}f}" for letter in "abcdefghijklmno"}
    text = template.format(company=company[0], code=company[1], **figures)
    return TitledText(re.split("[，；。]", text)[0], text)


def _renamed(chance: random.Random, source: TitledText, company: str) -> TitledText:
    name = chance.choice([other for other in _COMPANIES if other != company])
    return TitledText(source.title.replace(company, name), source.text.replace(company, name))


def _halves(chance: random.Random, share: float) -> tuple[TitledText, TitledText]:
    """Make two texts of the sentences of one; so large a share of the sentences of each is in both."""
    whole, *_ = long_posts()
    source = whole if chance.random() < 0.5 else chance.choice(long_posts())
    sentences = _SENTENCE.findall(source.text)
    chance.shuffle(sentences)
    common = max(1, round(len(sentences) * share / (2 - share)))
    shared, rest = sentences[:common], sentences[common:]
    one, other = ([*shared, *half] for half in (rest[::2], rest[1::2]))
    chance.shuffle(one)
    chance.shuffle(other)
    return TitledText("", "".join(one)), TitledText("", "".join(other))
