# Answers each line, a JSON string of Markdown, with a line: a JSON list of its HTML by kramdown's plain and its GFM parser,
# the second with the options that Jekyll has by default.
require "json"
require "kramdown"
require "kramdown-parser-gfm"

JEKYLL = { input: "GFM", auto_ids: true, toc_levels: (1..6), smart_quotes: "lsquo,rsquo,ldquo,rdquo", hard_wrap: false,
           syntax_highlighter: nil, guess_lang: true }.freeze

$stdout.sync = true
while (line = $stdin.gets)
  markdown = JSON.parse(line, create_additions: false)
  pages = [{}, JEKYLL].map { |options| Kramdown::Document.new(markdown, options).to_html }
  puts JSON.generate(pages)
end
