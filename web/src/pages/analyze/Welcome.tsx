/** What an empty page shows: three examples to try and what the console promises. */

import { KeyRound, Layers, ListChecks } from "lucide-react";
import { useSpeech } from "../../i18n/language";
import { WordButton } from "../../kit/Buttons";

// A documentation address (RFC 5737), a reserved name (RFC 2606) and the hash of the harmless EICAR test file.
const EXAMPLES = ["203.0.113.42", "example.com", "44d88612fea8a8f36de82e1278abb02f"];
const ICONS = [Layers, ListChecks, KeyRound];

export function Welcome({ onPick }: { onPick: (value: string) => void }) {
  const { texts } = useSpeech();
  return (
    <div className="welcome">
      <p className="examples">
        <span className="muted">{texts.welcome.examples}</span>
        {EXAMPLES.map((example) => (
          <WordButton key={example} variant="quiet" onPress={() => onPick(example)}>
            <span className="mono">{example}</span>
          </WordButton>
        ))}
      </p>
      <ul className="promises">
        {texts.welcome.points.map(([title, body], at) => {
          const Icon = ICONS[at] ?? Layers;
          return (
            <li key={title} className="promise">
              <Icon aria-hidden size={20} />
              <h2>{title}</h2>
              <p>{body}</p>
            </li>
          );
        })}
      </ul>
    </div>
  );
}
