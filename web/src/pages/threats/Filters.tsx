/** What narrows the list: every field of it stands in the address. */

import { X } from "lucide-react";
import { type RefObject, useState } from "react";
import { Form, Input, Label, SearchField, Text } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { Pick } from "../../kit/Fields";
import { ManyPick } from "../../kit/ManyPick";
import { SEVERITIES } from "../../kit/Tags";
import { knownIn } from "../../lib/oneOf";
import { CATEGORIES, indicatorIn, STATUSES, type ThreatSearch } from "./search";
import { threatsTexts } from "./texts";
import { threatWords } from "./words";

const AGES = ["any", "0d", "7d", "30d", "90d"] as const;
const QUERY_CHARACTERS_MAX = 2048;

interface FiltersProps {
  search: ThreatSearch;
  fieldRef: RefObject<HTMLInputElement | null>;
  onChange: (change: ThreatSearch) => void;
}

export function Filters({ search, fieldRef, onChange }: FiltersProps) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatsTexts).filters;
  const words = useTexts(threatWords);
  const age = AGES.find((one) => one === search.since) ?? (search.since ? null : "any");
  return (
    <search className="threat-filters" aria-label={texts.label}>
      <QueryField key={search.q ?? ""} search={search} fieldRef={fieldRef} onChange={onChange} />
      <ManyPick
        label={texts.severity}
        any={texts.any}
        chosen={knownIn(search.severity, SEVERITIES)}
        options={SEVERITIES.map((id) => ({ id, text: shared.severities[id] }))}
        onChange={(chosen) => onChange({ severity: chosen.join(",") })}
      />
      <ManyPick
        label={texts.status}
        any={texts.any}
        chosen={knownIn(search.status, STATUSES)}
        options={STATUSES.map((id) => ({ id, text: words.statuses[id] }))}
        onChange={(chosen) => onChange({ status: chosen.join(",") })}
      />
      <ManyPick
        label={texts.type}
        any={texts.any}
        chosen={knownIn(search.type, CATEGORIES)}
        options={CATEGORIES.map((id) => ({ id, text: words.categories[id] }))}
        onChange={(chosen) => onChange({ type: chosen.join(",") })}
      />
      <Pick
        label={texts.since}
        value={age ?? "other"}
        options={[
          ...AGES.map((id) => ({ id, text: texts.ages[id] })),
          ...(age === null ? [{ id: "other" as const, text: search.since ?? "" }] : []),
        ]}
        onChange={(since) => onChange({ since: since === "any" || since === "other" ? "" : since, until: "" })}
      />
    </search>
  );
}

function QueryField({ search, fieldRef, onChange }: FiltersProps) {
  const texts = useTexts(threatsTexts).filters;
  const [typed, setTyped] = useState(search.q ?? "");
  const submit = () => {
    if (typed.trim() !== (search.q ?? "")) onChange({ q: typed.trim() });
  };
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <SearchField
        className="field"
        value={typed}
        onChange={setTyped}
        onBlur={submit}
        onClear={() => onChange({ q: "" })}
      >
        <Label className="field-label">{texts.search}</Label>
        <Input ref={fieldRef} className="input mono" placeholder={texts.placeholder} maxLength={QUERY_CHARACTERS_MAX} />
        <Text slot="description" className="visually-hidden">
          {typed !== "" && indicatorIn(typed) !== null ? texts.whole : texts.part}
        </Text>
      </SearchField>
    </Form>
  );
}

/** Conditions that have no field above, and the way to be rid of all. */
export function FilterNotes({ search, onChange, onClear }: Omit<FiltersProps, "fieldRef"> & { onClear: () => void }) {
  const texts = useTexts(threatsTexts).filters;
  const { formats } = useSpeech();
  const notes: { text: string; change: ThreatSearch }[] = [];
  if (search.technique) notes.push({ text: texts.technique(search.technique), change: { technique: "" } });
  const [since, until] = [search.since, search.until].map((day) => (day ? dayText(day, formats.date) : ""));
  if (search.until) {
    const text = since ? texts.between(since, until ?? "") : texts.to(until ?? "");
    notes.push({ text, change: { since: "", until: "" } });
  }
  const isNarrowed = Object.entries(search).some(([name, value]) => name !== "sort" && name !== "cursor" && value);
  if (!isNarrowed) return null;
  return (
    <div className="filter-notes">
      {notes.map(({ text, change }) => (
        <WordButton key={text} variant="quiet" aria-label={texts.drop(text)} onPress={() => onChange(change)}>
          {text}
          <X aria-hidden size={14} />
        </WordButton>
      ))}
      <WordButton variant="quiet" onPress={onClear}>
        {texts.clear}
      </WordButton>
    </div>
  );
}

/** A day of UTC, as the reader writes days; a number of days stays as it is. */
function dayText(day: string, format: (iso: string) => string): string {
  return /^\d{4}-/.test(day) ? format(`${day}T12:00:00Z`) : day;
}
