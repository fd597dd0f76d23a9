import { useState } from "preact/hooks";
import { bytes, count, span } from "./format.js";

const kLines = 400; // shown at first

function lastHit(rule, now) {
  if (!rule.last_hit) return "never hit";
  return `${span(now.time_ms - Date.parse(rule.last_hit))} ago`;
}

function Hits({ rule, now }) {
  const observed = rule.mode === "observe";
  const title = `${rule.name}: ${count(rule.hits)} flows, ${bytes(rule.bytes)}${observed ? `, would drop ${bytes(rule.would_drop_bytes)}` : ""}; ${lastHit(rule, now)}`;
  return (
    <span class={rule.hits > 0 ? "hits" : "hits dead"} title={title} data-rule={rule.name}>
      {rule.mode === "off" ? "off" : count(rule.hits)}
    </span>
  );
}

function File({ file, rules, now, single }) {
  const [all, setAll] = useState(false);
  const lines = file.text.replace(/\n$/, "").split("\n");
  const ofLine = new Map(rules.map((rule) => [rule.line, rule]));
  const shown = all ? lines : lines.slice(0, kLines);
  return (
    <>
      {!single && <h3 class="file">{file.path}</h3>}
      <div class="book" tabIndex="0" role="region" aria-label={`Text of ${file.path} with hits`}>
        <div class="lines">{shown.map((text, i) => {
          const rule = ofLine.get(i + 1);
          return (
            <div class={rule ? "line rule" : "line"} key={i}>
              <span class="number">{i + 1}</span>
              {rule ? <Hits rule={rule} now={now} /> : <span class="hits" />}
              <code>{text}</code>
            </div>
          );
        })}</div>
      </div>
      {!all && lines.length > kLines && <button onClick={() => setAll(true)}>Show all {count(lines.length)} lines</button>}
    </>
  );
}

export function Book({ now, book }) {
  if (!book) return null;
  const dead = now.rules.filter((rule) => rule.mode !== "off" && rule.hits === 0).length;
  return (
    <section aria-label="Book">
      <h2>The running book: {book.name}</h2>
      <p class="quiet">
        Beside each rule the flows that it hit. {now.rules.length > 0 && (dead === 0 ? "Every rule was hit." : `${dead} of ${now.rules.length} rules were never hit.`)}
      </p>
      {book.files.map((file) => (
        <File key={file.path} file={file} rules={now.rules.filter((rule) => rule.file === file.path)} now={now} single={book.files.length === 1} />
      ))}
      {!book.whole && <p class="quiet">The book is larger than what is shown here, or could not be read any more.</p>}
    </section>
  );
}
