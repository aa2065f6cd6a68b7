/** The rules that fired, the worst first, and beside them one of them: what it fired on, and why. */

import { getRouteApi } from "@tanstack/react-router";
import { X } from "lucide-react";
import { ListBox, ListBoxItem } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { SeverityTag } from "../../kit/Tags";
import { severityOf } from "../threats/threat";
import { type Rule, rulesWith, type Tally } from "./batch";
import { Fired } from "./Fired";
import { batchTexts } from "./texts";

const route = getRouteApi("/inside/telemetry/$id");

export function Findings({ id, result }: { id: string; result: Tally }) {
  const texts = useTexts(batchTexts).rules;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const rules = rulesWith(result.by_rule, search.technique);
  const chosen = rules.find((rule) => rule.rule_id === search.rule) ?? rules[0];
  const choose = (rule: string) =>
    void navigate({ search: { ...search, rule, line: undefined }, replace: true, resetScroll: false });
  return (
    <section className="panel findings" aria-labelledby="rules">
      <div className="findings-list">
        <h2 id="rules" className="section-title">
          {texts.heading}
        </h2>
        {search.technique === undefined ? null : (
          <WordButton
            variant="quiet"
            aria-label={texts.without(search.technique)}
            onPress={() => void navigate({ search: { ...search, technique: undefined }, resetScroll: false })}
          >
            <X aria-hidden size={14} />
            <span className="mono">{search.technique}</span>
          </WordButton>
        )}
        {rules.length === 0 ? <p className="empty">{texts.none}</p> : null}
        <ListBox
          className="rule-list"
          aria-label={texts.heading}
          items={rules.map((rule) => ({ id: rule.rule_id, rule }))}
          selectionMode="single"
          selectionBehavior="replace"
          disallowEmptySelection
          selectedKeys={chosen === undefined ? [] : [chosen.rule_id]}
          onSelectionChange={(keys) => {
            const [key] = [...keys];
            if (key !== undefined) choose(String(key));
          }}
        >
          {({ rule }) => (
            <ListBoxItem id={rule.rule_id} textValue={rule.title} className="rule-option">
              <Option rule={rule} />
            </ListBoxItem>
          )}
        </ListBox>
      </div>
      {chosen === undefined ? null : <Fired key={chosen.rule_id} id={id} rule={chosen} threats={result.threats} />}
    </section>
  );
}

function Option({ rule }: { rule: Rule }) {
  const { formats } = useSpeech();
  const texts = useTexts(batchTexts).rules;
  return (
    <>
      <span className="rule-title">{rule.title}</span>
      <SeverityTag severity={severityOf(rule.level)} />
      <span className="field-hint">{texts.times(rule.count, formats.number(rule.count))}</span>
    </>
  );
}
