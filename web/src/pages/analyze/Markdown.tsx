/** Renders untrusted Markdown: no raw HTML, no pictures, no live links but https ones that name their host. */

import ReactMarkdown, { type Components } from "react-markdown";
import { useSpeech } from "../../i18n/language";
import { defangUrls } from "../../lib/defang";

interface Node {
  type: string;
  value?: string;
  children?: Node[];
}

/** A rehype plugin that makes the indicator and all addresses in the text harmless. */
function harmless(raw: string, shown: string) {
  const calm = (node: Node): void => {
    if (node.type === "text" && node.value !== undefined) {
      const text = defangUrls(node.value);
      node.value = raw === "" ? text : text.replaceAll(raw, () => shown);
    }
    node.children?.forEach(calm);
  };
  return () => calm;
}

/** Puts each bold label of the answer's template into a paragraph of its own; Markdown joins lines that follow directly. */
function withLabelsApart(text: string): string {
  return text.replace(/\n(?=\*\*)/g, "\n\n");
}

const COMPONENTS: Components = {
  a: ({ href, children }) => (
    <>
      {children}
      <OutsideLink href={href ?? ""} />
    </>
  ),
  img: ({ alt }) => <>{alt}</>,
  h1: ({ children }) => <h4>{children}</h4>,
  h2: ({ children }) => <h4>{children}</h4>,
  h3: ({ children }) => <h4>{children}</h4>,
};

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

export default function Markdown({ text, raw, shown }: { text: string; raw: string; shown: string }) {
  return (
    <ReactMarkdown components={COMPONENTS} rehypePlugins={[harmless(raw, shown)]} skipHtml>
      {withLabelsApart(text)}
    </ReactMarkdown>
  );
}
