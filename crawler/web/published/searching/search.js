// The search of a published archive, without a server: reads the index beside it and answers as `finews search` would.
//
// The index is in small scripts, each of which calls `finewsSearch.take`. What is in them is said in the modules beside
// this one (`postings.py`, `shards.py`, `index.py`), and what a query means in docs/ask.md. Nothing is ever put into a page as HTML.
"use strict";

const finewsSearch = (() => {
  const FIRST = 20; // hits on a page
  const WEIGHED = 50, SATURATION = 1.2, USUAL_LENGTH = 1000; // as in crawler/archive/search/results.py
  const BEFORE = 20, LENGTH = 80; // of a snippet, as in crawler/archive/search/snippet.py
  const LONGEST = 64; // of a token, as in postings.py
  const READ_AT_ONCE = 50; // texts
  const SPACE = "\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000";
  const SPACES = new RegExp(`[${SPACE}]+`, "u"), WORD = new RegExp(`[^${SPACE}]+`, "gu");
  const LETTER = /[\p{L}\p{N}]/u;
  // Combining marks, as in crawler/archive/search/field.py.
  const MARKS =
    "\\u0300-\\u036f\\u0483-\\u0489\\u0591-\\u05bd\\u064b-\\u065f\\u0900-\\u0903\\u093a-\\u094f" +
    "\\u1ab0-\\u1aff\\u1dc0-\\u1dff\\u20d0-\\u20ff\\u3099\\u309a\\ufe20-\\ufe2f\\uff9e\\uff9f";

  // ---- Scripts of the index: asked for by their address, each hands over its value under its name.

  const handedOver = new Map();
  const underWay = new Map();
  let loadScript = null; // (address) => Promise; replaced in tests

  async function load(name, address) {
    if (!underWay.has(name)) underWay.set(name, loadScript(address));
    await underWay.get(name);
    return handedOver.get(name);
  }

  // ---- Text: folded and split into tokens as in crawler/text/variants.py and words.py.

  let signs = null; // { cjk, unseen, unseenEnd, sign: patterns, folded: Map of characters }

  async function loadSigns() {
    if (signs) return;
    const { cjk, unseen, variants } = await load("signs", "signs.js");
    const folded = new Map();
    for (const line of variants.split("\n")) {
      const [simple, ...forms] = line;
      for (const form of forms) folded.set(form, simple);
    }
    signs = {
      cjk: new RegExp(`[${cjk}]`, "u"),
      unseen: new RegExp(`[${unseen}]`, "u"),
      unseenEnd: new RegExp(`[${unseen}]+$`, "u"),
      sign: new RegExp(`[\\u1100-\\u11ff]+|.[${MARKS}${unseen}]*`, "gsu"),
      folded,
    };
  }

  function simplified(text) {
    return Array.from(text, (sign) => (signs.unseen.test(sign) ? "" : signs.folded.get(sign) ?? sign)).join("");
  }

  function unify(text) {
    return simplified(simplified(text).normalize("NFKC")).toLowerCase();
  }

  // Tokens of folded characters: { token, first, end }, with places among these characters.
  function split(characters) {
    const found = [];
    for (let at = 0; at < characters.length; at++) {
      const first = at;
      if (signs.cjk.test(characters[at])) {
        found.push({ token: characters[at], first, end: at + 1 });
        continue;
      }
      while (at < characters.length && LETTER.test(characters[at]) && !signs.cjk.test(characters[at])) at++;
      if (at > first) found.push({ token: characters.slice(first, at).join(""), first, end: at-- });
    }
    return found;
  }

  const tokensOf = (text) => split(Array.from(unify(text))).map(({ token }) => token);

  // A title or text as it is searched: its characters, and its tokens with their places among these.
  function fieldOf(text) {
    const raw = Array.from(text), folded = Array.from(unify(text));
    const half = text.replace(/[\uff01-\uff5e]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) - 0xfee0));
    if (raw.length === folded.length && half.normalize("NFKC") === half && !signs.unseen.test(text)) {
      return { raw, tokens: split(folded) };
    }
    const bySign = [], places = [];
    let at = 0;
    for (const [sign] of text.matchAll(signs.sign)) {
      const end = at + Array.from(sign).length;
      for (const character of unify(sign)) {
        bySign.push(character);
        places.push([at, end]);
      }
      at = end;
    }
    const tokens = split(folded.length === bySign.length ? folded : bySign);
    return {
      raw,
      tokens: tokens.map(({ token, first, end }) => ({ token, first: places[first][0], end: places[end - 1][1] })),
    };
  }

  // Characters of a text, without what nobody sees behind the last.
  const asWritten = (raw) => raw.join("").replace(signs.unseenEnd, "");

  // Where a term stands in a field: pairs of its first character and the one behind its last.
  function spansOf(term, { raw, tokens }) {
    const spans = [];
    for (let at = 0; at + term.tokens.length <= tokens.length; at++) {
      if (!term.tokens.every((token, number) => tokens[at + number].token === token)) continue;
      const span = [tokens[at].first, tokens[at + term.tokens.length - 1].end];
      if (term.written === undefined || asWritten(raw.slice(...span)) === term.written) spans.push(span);
    }
    return spans;
  }

  // ---- Queries, as in crawler/archive/search/query.py: every group of `wanted` by one of its terms, none of `unwanted`.

  function parse(query) {
    const wanted = [], unwanted = [];
    let joining = false;
    for (const { text, sign } of wordsOf(query)) {
      if (text === "OR" && !sign) {
        joining = wanted.length > 0;
        continue;
      }
      const term = termOf(text, sign);
      if (!term.tokens.length) continue;
      if (sign.startsWith("-")) unwanted.push(term);
      else if (joining) wanted[wanted.length - 1].push(term);
      else wanted.push([term]);
      joining = false;
    }
    return { wanted: once(wanted.map(once)), unwanted: once(unwanted) };
  }

  function once(values) {
    const seen = new Map(values.map((value) => [JSON.stringify(value), value]));
    return Array.from(seen.values());
  }

  function* wordsOf(query) {
    let sign = "";
    for (const [number, stretch] of query.split(/["＂]/).entries()) {
      if (number % 2) {
        yield { text: stretch, sign: sign || '"' };
        continue;
      }
      const outside = stretch.replace(/[，、；。！？]/g, " ").normalize("NFKC");
      const words = outside.split(SPACES).filter((word) => word);
      const last = words[words.length - 1];
      sign = ["-", "=", "-="].includes(last) && outside.endsWith(last) ? words.pop() : "";
      for (const word of words) yield word.startsWith("-") ? { text: word.slice(1), sign: "-" } : { text: word, sign: "" };
    }
  }

  function termOf(text, sign) {
    const term = { tokens: tokensOf(text) };
    if (!term.tokens.length || !sign.endsWith("=")) return term;
    const field = fieldOf(text);
    const [span] = spansOf(term, field);
    return { ...term, written: asWritten(field.raw.slice(...span)) };
  }

  // ---- The index of a block.

  // Numbers as digits.py writes them.
  const ALPHABET = Array.from({ length: 95 }, (_, code) => String.fromCharCode(0x20 + code)).filter((sign) => !'"\\<'.includes(sign));
  const BASE = ALPHABET.length / 2;
  const VALUES = new Map(ALPHABET.map((sign, value) => [sign.charCodeAt(0), value]));

  function* numbersIn(written) {
    let number = 0, power = 1;
    for (let at = 0; at < written.length; at++) {
      const value = VALUES.get(written.charCodeAt(at));
      number += (value % BASE) * power;
      if (value < BASE) {
        yield number;
        number = 0;
        power = 1;
      } else {
        power *= BASE;
      }
    }
  }

  // The posts of a block, by their numbers in it.
  async function postsOf([first, size]) {
    const [shards, written] = await load(`${first}-${size}`, `${first}-${size}/posts.js`);
    const numbers = numbersIn(written), posts = new Map();
    let row = first - 1, time = 0;
    for (let step = numbers.next(); !step.done; step = numbers.next()) {
      row += step.value;
      const shift = numbers.next().value;
      time += shift % 2 ? -(shift + 1) / 2 : shift / 2;
      posts.set(row - first, { row, time, titleTokens: numbers.next().value, length: numbers.next().value });
    }
    return { shards, posts };
  }

  const CHECKSUMS = Int32Array.from({ length: 256 }, (_, byte) => {
    let value = byte;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });

  function checksum(text) {
    let value = -1;
    for (const byte of new TextEncoder().encode(text)) value = (value >>> 8) ^ CHECKSUMS[(value ^ byte) & 0xff];
    return ~value >>> 0;
  }

  function keyOf(token) {
    if (signs.cjk.test(token)) return token;
    const characters = Array.from(token);
    if (characters.length <= LONGEST) return `${token}_`;
    return `${characters.slice(0, LONGEST).join("")}~${characters.length}~${checksum(token).toString(16)}_`;
  }

  async function postingsOf([first, size], shards, key) {
    const shard = `${first}-${size}/${checksum(key) % shards}`;
    return (await load(shard, `${shard}.js`))[key] ?? "";
  }

  // What a block says of a term: for the number of each post that has it, whether its title does, and how often its text.
  async function findTerm(block, { shards, posts }, { tokens }) {
    const keys = tokens.map(keyOf);
    if (keys.length === 1) return ofToken(await postingsOf(block, shards, keys[0]));
    const pairs = keys.slice(1).map((key, at) => keys[at] + key);
    const written = await Promise.all(pairs.map((pair) => postingsOf(block, shards, pair)));
    let found = null; // for each post the places at which the term may begin
    for (const [at, each] of written.entries()) {
      const next = new Map();
      for (const [post, places] of ofPair(each)) {
        const begins = places.map((place) => place - at);
        const kept = found === null ? begins : begins.filter((place) => found.get(post)?.has(place));
        if (kept.length) next.set(post, new Set(kept));
      }
      found = next;
    }
    return new Map(Array.from(found, ([post, begins]) => {
      const inTitle = Array.from(begins).filter((place) => place < posts.get(post).titleTokens).length;
      return [post, { inTitle: inTitle > 0, count: begins.size - inTitle }];
    }));
  }

  function ofToken(written) {
    const numbers = numbersIn(written), found = new Map();
    let post = -1;
    for (let step = numbers.next(); !step.done; step = numbers.next()) {
      post += Math.floor(step.value / 2);
      found.set(post, { inTitle: step.value % 2 === 1, count: numbers.next().value });
    }
    return found;
  }

  function* ofPair(written) {
    const numbers = numbersIn(written);
    let post = -1;
    for (let step = numbers.next(); !step.done; step = numbers.next()) {
      post += Math.floor(step.value / 2);
      const places = [];
      for (let left = step.value % 2 ? numbers.next().value : 1, place = 0; left > 0; left--) {
        place += numbers.next().value;
        places.push(place);
      }
      yield [post, places];
    }
  }

  // ---- Which posts match, and in which order, as in crawler/archive/search/search.py.

  // The posts of a block that match as far as the index tells: it does not know how a term is written.
  async function matchesIn(block, query) {
    const index = await postsOf(block);
    const groups = await Promise.all(query.wanted.map((group) => Promise.all(group.map((term) => findTerm(block, index, term)))));
    const excluded = query.unwanted.filter((term) => term.written === undefined);
    const without = await Promise.all(excluded.map((term) => findTerm(block, index, term)));
    const terms = groups.flat();
    return Array.from(index.posts)
      .filter(([post]) => groups.every((group) => group.some((found) => found.has(post))))
      .filter(([post]) => !without.some((found) => found.has(post)))
      .map(([post, { row, time, length }]) => ({
        row,
        time,
        block,
        inTitle: groups.every((group) => group.some((found) => found.get(post)?.inTitle)),
        weight: weightOf(terms.map((found) => found.get(post)?.count ?? 0), length),
      }));
  }

  function weightOf(counts, length) {
    return counts
      .map((count) => Math.max(1, count))
      .reduce((sum, times) => sum + times / (times + SATURATION * (0.25 + (0.75 * length) / USUAL_LENGTH)), 0);
  }

  // Where it matters how a term is written, the texts decide.
  async function confirmed(matches, query) {
    const terms = [...query.wanted.flat(), ...query.unwanted];
    if (terms.every((term) => term.written === undefined)) return matches;
    const kept = [];
    for (let at = 0; at < matches.length; at += READ_AT_ONCE) {
      const few = matches.slice(at, at + READ_AT_ONCE);
      const texts = await Promise.all(few.map(({ row }) => textOf(row)));
      kept.push(...few.map((match, number) => judged(match, texts[number], query)).filter((match) => match));
    }
    return kept;
  }

  function judged(match, { title, text }, query) {
    const fields = [fieldOf(title), fieldOf(text)];
    const counted = (term) => fields.map((field) => spansOf(term, field).length);
    const groups = query.wanted.map((group) => group.map(counted));
    const unwanted = query.unwanted.map(counted);
    const isIn = ([inTitle, inText]) => inTitle + inText > 0;
    const surely = !unwanted.length && query.wanted.every((group) => group.some((term) => isPlainlyIn(term, [title, text])));
    if (!surely && (!groups.every((group) => group.some(isIn)) || unwanted.some(isIn))) return null;
    return {
      ...match,
      inTitle: groups.every((group) => group.some(([inTitle]) => inTitle)),
      weight: weightOf(groups.flat().map(([, inText]) => inText), Array.from(text).length),
    };
  }

  // Whether a term stands in unfolded text as it is, where no folding could have made it of anything else.
  function isPlainlyIn({ tokens, written }, texts) {
    const joined = tokens.join("");
    const tells = (written === undefined || written === joined) && /^[\u4e00-\u9fa5]+$/.test(joined);
    return tells && texts.some((text) => text.includes(joined));
  }

  function ordered(matches, sort) {
    const newest = (one, other) => other.time - one.time || other.row - one.row;
    const byDate = matches.sort(newest);
    if (sort === "date") return byDate;
    return [true, false].flatMap((inTitle) => {
      const group = byDate.filter((match) => match.inTitle === inTitle);
      const best = group.slice(0, WEIGHED).sort((one, other) => other.weight - one.weight || newest(one, other));
      return [...best, ...group.slice(WEIGHED)];
    });
  }

  const textOf = (row) => load(`text/${row}`, `text/${Math.floor(row / 1024)}/${row}.js`);

  // All matches of a query as it is meant, narrowed down to `only` the posts with these names.
  async function matching(meant, only) {
    if (!meant.wanted.length) return [];
    const { blocks } = await load("index", "index.js");
    const perBlock = await Promise.all(blocks.map((block) => matchesIn(block, meant)));
    const matches = await confirmed(perBlock.flat(), meant);
    const kinds = KINDS.filter((kind) => only[kind]);
    if (!kinds.length) return matches;
    const named = await withNames(matches);
    return named.filter(({ names }) => kinds.every((kind) => names[kind].includes(only[kind])));
  }

  // Returns { total, results }, a result being { title, href, …, snippet: { text, spans } }. `only` has the names that
  // hits are narrowed down to: { outlet, category, day }, any of them.
  async function search(query, { sort = "relevance", limit = FIRST, offset = 0, only = {} } = {}) {
    await loadSigns();
    const meant = parse(query);
    const matches = ordered(await matching(meant, only), sort);
    const shown = matches.slice(offset, offset + limit);
    const posts = await Promise.all(shown.map(({ row }) => textOf(row)));
    return { total: matches.length, results: posts.map((post) => shownAs(post, meant.wanted.flat())) };
  }

  // ---- What hits can be narrowed down to, as filters.py writes it.

  const KINDS = ["outlet", "category", "day"];

  // The names of each post of a block, by its number: { outlet: […], category: […], day: […] }.
  async function namesIn(block) {
    const [first, size] = block;
    const { posts: written, ...known } = await load(`${first}-${size}/filters`, `${first}-${size}/filters.js`);
    const numbers = numbersIn(written), next = () => numbers.next().value;
    const namesOf = (kind) => Array.from({ length: next() }, () => known[kind][next()]);
    const { posts } = await postsOf(block);
    return new Map(Array.from(posts.keys(), (post) => [post, Object.fromEntries(KINDS.map((kind) => [kind, namesOf(kind)]))]));
  }

  async function withNames(matches) {
    const blocks = Array.from(new Set(matches.map(({ block }) => block)));
    const names = new Map(await Promise.all(blocks.map(async (block) => [block, await namesIn(block)])));
    return matches.map((match) => ({ ...match, names: names.get(match.block).get(match.row - match.block[0]) }));
  }

  // Returns how hits are spread: for each kind pairs of a name and its number of hits, most first, days the latest first.
  async function spread(query, { only = {} } = {}) {
    await loadSigns();
    const matches = await withNames(await matching(parse(query), only));
    return Object.fromEntries(KINDS.map((kind) => {
      const counts = new Map();
      for (const name of matches.flatMap(({ names }) => names[kind])) counts.set(name, (counts.get(name) ?? 0) + 1);
      const byName = ([one], [other]) => (one < other ? 1 : -1);
      const byCount = (one, other) => other[1] - one[1] || -byName(one, other);
      return [kind, Array.from(counts).sort(kind === "day" ? byName : byCount)];
    }));
  }

  // ---- What is shown of a post.

  function shownAs(post, terms) {
    return { ...post, titleSpans: highlights(fieldOf(post.title), terms), snippet: snippetOf(post.text, terms) };
  }

  function highlights(field, terms) {
    const all = terms.flatMap((term) => spansOf(term, field));
    const spans = [];
    for (const span of all.sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
      if (!spans.length || span[0] >= spans[spans.length - 1][1]) spans.push(span);
    }
    return spans;
  }

  // The stretch around the first occurrence of a term, on one line, and where the terms stand in it.
  function snippetOf(text, terms) {
    const field = fieldOf(text), spans = highlights(field, terms);
    const start = spans.length ? Math.max(0, spans[0][0] - BEFORE) : 0, end = start + LENGTH;
    const inside = spans.filter(([first, last]) => start <= first && last <= end);
    const before = start ? "…" : "", after = end < field.raw.length ? "…" : "";
    const cut = [...before, ...field.raw.slice(start, end), ...after];
    const shift = before.length - start;
    return onOneLine(cut, inside.map(([first, last]) => [first + shift, last + shift]));
  }

  function onOneLine(characters, spans) {
    const line = [], shownAt = [];
    for (const character of characters) {
      const isSpace = SPACES.test(character);
      if (isSpace && (!line.length || line[line.length - 1] === " ")) {
        shownAt.push(line.length);
        continue;
      }
      shownAt.push(line.length);
      line.push(isSpace ? " " : character);
    }
    if (line[line.length - 1] === " ") line.pop();
    return { text: line.join(""), spans: spans.map(([first, last]) => [shownAt[first], shownAt[last - 1] + 1]) };
  }

  return {
    search,
    spread,
    tokensOf: (text) => loadSigns().then(() => tokensOf(text)),
    loadBy: (way) => (loadScript = way),
    take: (name, value) => handedOver.set(name, value),
  };
})();

// ---- The page: what is found for the query in its address, in the words that the page gives.

(() => {
  if (typeof document === "undefined") return;
  const script = document.currentScript.src, place = document.getElementById("found");
  if (!place) return;
  const words = place.dataset, asked = new URLSearchParams(location.search);
  const query = asked.get("q") ?? "", sort = asked.get("sort") === "date" ? "date" : "relevance";
  const KINDS = ["outlet", "category", "day"], MOST = 8; // names of a kind
  const only = Object.fromEntries(KINDS.map((kind) => [kind, asked.get(kind)]));
  const LIMIT = 20, page = Math.max(1, Math.floor(Number(asked.get("page"))) || 1);

  finewsSearch.loadBy((address) => new Promise((resolve, reject) => {
    const element = document.createElement("script");
    element.onload = () => resolve(element.remove());
    element.onerror = () => reject(new Error(address));
    element.src = new URL(address, script).href;
    document.head.append(element);
  }));

  function make(name, attributes, ...children) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value) element.setAttribute(key, value);
    element.append(...children);
    return element;
  }

  function marked(text, spans) {
    const characters = Array.from(text), nodes = [];
    let at = 0;
    for (const [first, last] of spans) {
      nodes.push(characters.slice(at, first).join(""), make("mark", {}, characters.slice(first, last).join("")));
      at = last;
    }
    return [...nodes, characters.slice(at).join("")];
  }

  function linkTo(changes, ...children) {
    const next = new URLSearchParams(asked);
    for (const [key, value] of Object.entries(changes)) {
      if (value) next.set(key, value);
      else next.delete(key);
    }
    return make("a", { href: `?${next}` }, ...children);
  }

  function hit({ title, titleSpans, href, published, snippet, ...post }) {
    const time = make("time", { datetime: published, title: published }, published.slice(0, 16).replace("T", " "));
    const others = [[post.outlet, post.outletHref], [post.category, post.categoryHref]]
      .filter(([name]) => name)
      .flatMap(([name, to]) => [make("a", { class: "outlet", lang: "zh-CN", href: to }, name), " · "]);
    return make("div", { class: "hit", lang: "zh-CN" },
      make("h2", {}, make("a", { href }, ...marked(title, titleSpans))),
      make("p", { class: "muted", lang: document.documentElement.lang }, ...others, make("a", { href: post.dayHref }, time)),
      make("p", { class: "snippet" }, ...marked(snippet.text, snippet.spans)));
  }

  function pager(total) {
    const links = [];
    if (page > 1) links.push(linkTo({ page: page > 2 ? page - 1 : "" }, `← ${words.previous}`));
    if (page * LIMIT < total) links.push(linkTo({ page: page + 1 }, `${words.next} →`));
    return links.length ? [make("nav", { class: "pager", "aria-label": words.pages }, ...links)] : [];
  }

  function orders() {
    return [["", words.best], ["date", words.newest]].flatMap(([value, name]) => {
      const isCurrent = (value || "relevance") === sort;
      return [" · ", isCurrent ? make("span", { "aria-current": "true" }, name) : linkTo({ sort: value, page: "" }, name)];
    });
  }

  function filters() {
    const links = KINDS.filter((kind) => only[kind]).map((kind) => {
      const link = linkTo({ [kind]: "", page: "" }, `${words[kind]}: ${only[kind]} `, make("span", { "aria-hidden": "true" }, "×"));
      link.className = "on";
      link.append(make("span", { class: "unseen" }, words.remove));
      return make("li", {}, link);
    });
    return links.length ? [make("ul", { class: "filters", "aria-label": words.filters }, ...links)] : [];
  }

  function narrowing(spread) {
    return KINDS.filter((kind) => !only[kind] && spread[kind].length).map((kind) => {
      const names = spread[kind].slice(0, MOST).map(([name, count]) => {
        const link = linkTo({ [kind]: name, page: "" }, name);
        link.lang = "zh-CN";
        return make("li", {}, link, make("span", { class: "num" }, count.toLocaleString("en")));
      });
      return make("section", {}, make("h2", {}, words[kind]), make("ol", { class: "ranked" }, ...names));
    });
  }

  async function show() {
    for (const input of document.querySelectorAll('input[name="q"]')) input.value = query;
    if (!query) return;
    document.title = `${query} · ${document.title}`;
    place.replaceChildren(make("p", { class: "muted", role: "status" }, words.searching));
    const { total, results } = await finewsSearch.search(query, { sort, limit: LIMIT, offset: (page - 1) * LIMIT, only });
    const said = total > 1 ? words.count.replace("{n}", total.toLocaleString("en")) : total ? words.one : words.none;
    const count = make("p", { class: "muted", role: "status" }, make("strong", { class: "num" }, said));
    if (total) count.append(...orders());
    const aside = make("aside", { "aria-label": words.filters });
    const hits = make("div", {}, ...results.map(hit), ...pager(total));
    place.replaceChildren(make("div", { class: "found" }, count, ...filters()), make("div", { class: "columns" }, hits, aside));
    if (total) aside.append(...narrowing(await finewsSearch.spread(query, { only })));
  }

  show().catch((error) => {
    place.replaceChildren(make("p", { class: "empty", role: "alert" }, `${words.failed} (${error.message})`));
  });
})();
