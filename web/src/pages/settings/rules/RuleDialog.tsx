/** One rule: what it is about, who wrote it, how it stands here, and its switch. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { useState } from "react";
import { answerOf, Refusal, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked } from "../../../kit/Asked";
import { Fact } from "../../../kit/Fact";
import { WordField } from "../../../kit/Fields";
import { FormDialog } from "../../../kit/FormDialog";
import { Overlay } from "../../../kit/Overlay";
import { SeverityTag, StateTag } from "../../../kit/Tags";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { pageOf } from "../../../lib/attack";
import { Who } from "../../../session/Who";
import { severityOf } from "../../threats/threat";
import { ruleQuery } from "./queries";
import { type Rule, STANDING_TONE, sourceOf } from "./rules";
import { ruleTexts } from "./texts";

const route = getRouteApi("/inside/settings/rules");
const REASON_CHARACTERS_MAX = 500;

interface RuleDialogProps {
  id: string;
  isAllowed: boolean;
}

export function RuleDialog({ id, isAllowed }: RuleDialogProps) {
  const texts = useTexts(ruleTexts);
  const navigate = route.useNavigate();
  const query = useQuery(ruleQuery(id));
  const close = () => void navigate({ search: ({ rule: _, ...rest }) => rest, resetScroll: false });
  if (query.data === undefined || !isAllowed) {
    return (
      <Overlay title={query.data?.title ?? id} isOpen onOpenChange={close}>
        <div className="dialog-body">
          {query.error instanceof Refusal && query.error.status === 404 ? (
            <p>{texts.one.gone}</p>
          ) : (
            <Asked query={query}>{(rule) => <About rule={rule} />}</Asked>
          )}
        </div>
      </Overlay>
    );
  }
  return <Switch rule={query.data} onClose={close} />;
}

function Switch({ rule, onClose }: { rule: Rule; onClose: () => void }) {
  const texts = useTexts(ruleTexts).one;
  const client = useQueryClient();
  const tell = useToast();
  const [reason, setReason] = useState("");
  const save = async () => {
    const body = { enabled: !rule.enabled, reason: rule.enabled ? reason.trim() : "" };
    await answerOf(server.PATCH("/v3/detection/rules/{rule_id}", { params: { path: { rule_id: rule.id } }, body }));
    tell(rule.enabled ? texts.disabled(rule.title) : texts.enabled(rule.title));
    await client.invalidateQueries({ queryKey: ["rules"] });
    onClose();
  };
  return (
    <FormDialog
      title={rule.title}
      submit={rule.enabled ? texts.disable : texts.enable}
      isIncomplete={rule.enabled && reason.trim() === ""}
      onSubmit={save}
      onClose={onClose}
    >
      <About rule={rule} />
      {rule.enabled ? (
        <WordField
          label={texts.reason}
          hint={texts.reasonHint}
          value={reason}
          onChange={setReason}
          maxLength={REASON_CHARACTERS_MAX}
        />
      ) : null}
    </FormDialog>
  );
}

/** What the rule says of itself is in the language of who wrote it. */
function About({ rule }: { rule: Rule }) {
  const all = useTexts(ruleTexts);
  const texts = all.one;
  return (
    <div className="stack">
      <p className="chips-line">
        <SeverityTag severity={severityOf(rule.level as Parameters<typeof severityOf>[0])} />
        <StateTag tone={STANDING_TONE[rule.standing]}>{all.standings[rule.standing]}</StateTag>
      </p>
      <p lang="en">{rule.description}</p>
      <p className="field-hint">{texts.by(rule.author, rule.pack)}</p>
      <dl className="key-facts">
        {rule.disabled_reason === null ? null : <Fact name={texts.why}>{rule.disabled_reason}</Fact>}
        {rule.disabled_by === null ? null : (
          <Fact name={texts.disabledBy}>
            <Who actor={rule.disabled_by} />
          </Fact>
        )}
        {rule.disabled_at === null ? null : (
          <Fact name={texts.disabledAt}>
            <Moment at={rule.disabled_at} />
          </Fact>
        )}
        <Fact name={texts.source}>{sourceOf(rule)}</Fact>
        <Fact name={texts.status}>{rule.status}</Fact>
        {rule.techniques.length === 0 ? null : (
          <Fact name={texts.techniques}>
            <Links urls={rule.techniques.map((technique) => [technique, pageOf(technique)])} />
          </Fact>
        )}
        <Fact name={texts.id}>
          <code>{rule.id}</code>
        </Fact>
      </dl>
      <Listed title={texts.falsePositives} items={rule.false_positives} />
      {rule.references.length === 0 ? null : (
        <div>
          <p className="field-label">{texts.references}</p>
          <Links urls={rule.references.map((url) => [url, url])} />
        </div>
      )}
    </div>
  );
}

function Listed({ title, items }: { title: string; items: readonly string[] }) {
  if (items.length === 0) return null;
  return (
    <div>
      <p className="field-label">{title}</p>
      <ul lang="en">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  );
}

/** A rule of somebody else's may name anything as its reference: only addresses of the web lead there. */
function Links({ urls }: { urls: readonly (readonly [string, string])[] }) {
  return (
    <ul>
      {urls.map(([text, url]) => (
        <li key={url} className="break">
          {/^https?:\/\//.test(url) ? (
            <a href={url} target="_blank" rel="noreferrer">
              {text}
            </a>
          ) : (
            text
          )}
        </li>
      ))}
    </ul>
  );
}
