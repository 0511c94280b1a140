// Answers queries by the search of a published site, as a browser would, for tests that have no browser.
//
//     node search_published.js FOLDER < queries     one JSON array of [query, options] in, one of answers out
"use strict";

const fs = require("fs"), path = require("path"), vm = require("vm");

const folder = path.join(process.argv[2], "search");
const run = (file) => vm.runInThisContext(fs.readFileSync(path.join(folder, file), "utf8"), { filename: file });

run("search.js");
const search = vm.runInThisContext("finewsSearch");
search.loadBy(async (address) => run(address));

(async () => {
  const asked = JSON.parse(fs.readFileSync(0, "utf8"));
  const answers = [];
  for (const [way, ...question] of asked) answers.push(await search[way](...question));
  process.stdout.write(JSON.stringify(answers));
})();
