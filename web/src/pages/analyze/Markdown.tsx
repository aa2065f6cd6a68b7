/** Renders untrusted Markdown: no raw HTML, no pictures, no live links but https ones that name their host. */

import { Lexer, type MarkedToken, type Token } from "marked";
import { createElement, Fragment, type ReactNode } from "react";
import { useSpeech } from "../../i18n/language";
import { defangUrls } from "../../lib/defang";

/** Puts each bold label of the answer's template into a paragraph of its own; Markdown joins lines that follow directly. */
function withLabelsApart(text: string): string {
  return text.replace(/\n(?=\*\*)/g, "\n\n");
}

function OutsideLink({ href }: { href: string }) {
  const { texts } = useSpeech();
  if (!href.startsWith("https://") || !URL.canParse(href)) return null;
  return (
    <>
      {" "}
      <a className="outside" href={href} target="_blank" rel="noopener noreferrer nofollow">
        [{texts.narrative.open(new URL(href).hostname)}]
      </a>
    </>
  );
}

// What holds further tokens and becomes one element.
const ELEMENT: Readonly<Record<string, string>> = {
  paragraph: "p",
  heading: "h4",
  blockquote: "blockquote",
  list_item: "li",
  strong: "strong",
  em: "em",
  del: "del",
};
const CHARACTER: Readonly<Record<string, string>> = {
  "&amp;": "&",
  "&lt;": "<",
  "&gt;": ">",
  "&quot;": '"',
  "&#39;": "'",
  "&nbsp;": "\u00a0",
};

type Calm = (text: string) => string;

/** What is not named here, raw HTML first of all, is left out. */
function elementOf(given: Token, calm: Calm): ReactNode {
  const token = given as MarkedToken;
  switch (token.type) {
    case "text":
      return token.tokens ? elementsOf(token.tokens, calm) : calm(token.text);
    case "escape":
    case "image":
      return calm(token.text);
    case "codespan":
      return <code>{calm(token.text)}</code>;
    case "code":
      return (
        <pre>
          <code>{calm(token.text)}</code>
        </pre>
      );
    case "br":
      return <br />;
    case "hr":
      return <hr />;
    case "link":
      return (
        <>
          {elementsOf(token.tokens, calm)}
          <OutsideLink href={token.href} />
        </>
      );
    case "list": {
      const items = elementsOf(token.items, calm);
      return token.ordered ? <ol start={Number(token.start)}>{items}</ol> : <ul>{items}</ul>;
    }
    default: {
      const element = ELEMENT[token.type];
      const inside = "tokens" in token ? (token.tokens ?? []) : [];
      return element === undefined ? null : createElement(element, {}, elementsOf(inside, calm));
    }
  }
}

function elementsOf(tokens: readonly Token[], calm: Calm): ReactNode {
  // biome-ignore lint/suspicious/noArrayIndexKey: text is only ever added at the end
  return tokens.map((token, at) => <Fragment key={at}>{elementOf(token, calm)}</Fragment>);
}

function tokensIn(text: string): readonly Token[] {
  try {
    return Lexer.lex(withLabelsApart(text), { gfm: false });
  } catch {
    // Nested deeper than anybody would write: it is shown as it came.
    return [{ type: "text", raw: text, text }];
  }
}

export default function Markdown({ text, raw, shown }: { text: string; raw: string; shown: string }) {
  const calm = (part: string) => {
    const plain = part.replace(/&(?:amp|lt|gt|quot|#39|nbsp);/g, (found) => CHARACTER[found] ?? found);
    const harmless = defangUrls(plain);
    return raw === "" ? harmless : harmless.replaceAll(raw, () => shown);
  };
  return elementsOf(tokensIn(text), calm);
}
