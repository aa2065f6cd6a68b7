/** Narrows the list of rules; what is asked for stands in the address. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type FormEvent, useEffect, useState } from "react";
import { Form } from "react-aria-components";
import { useSpeech } from "../../../i18n/language";
import { useTexts } from "../../../i18n/texts";
import { WordButton } from "../../../kit/Buttons";
import { Pick, WordField } from "../../../kit/Fields";
import { SEVERITIES } from "../../../kit/Tags";
import { oneOf } from "../../../lib/oneOf";
import { profileQuery } from "./queries";
import { PRODUCTS, type RuleSearch, STANDINGS } from "./rules";
import { ruleTexts } from "./texts";

const route = getRouteApi("/inside/settings/rules");
const WORDS_CHARACTERS_MAX = 200;
const ANY = "any";

export function Narrow() {
  const { texts: shared } = useSpeech();
  const all = useTexts(ruleTexts);
  const texts = all.filters;
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const packs = useQuery(profileQuery).data?.packs.map(({ name }) => name) ?? [];
  const [words, setWords] = useState(search.q ?? "");
  const [technique, setTechnique] = useState(search.technique ?? "");
  // The address also changes by the way back.
  useEffect(() => {
    setWords(search.q ?? "");
    setTechnique(search.technique ?? "");
  }, [search]);
  const narrow = (change: RuleSearch) => void navigate({ search: { ...search, ...change } });
  const chosen = (name: keyof RuleSearch) => (value: string) => narrow({ [name]: value === ANY ? undefined : value });
  const apply = (event: FormEvent) => {
    event.preventDefault();
    narrow({ q: words.trim(), technique: technique.trim() });
  };
  const options = (ids: readonly string[], named: (id: string) => string = (id) => id) => [
    { id: ANY, text: texts.any },
    ...ids.map((id) => ({ id, text: named(id) })),
  ];
  return (
    <Form className="panel audit-filters" aria-label={texts.label} onSubmit={apply}>
      <WordField
        label={texts.words}
        placeholder={texts.wordsHint}
        value={words}
        onChange={setWords}
        maxLength={WORDS_CHARACTERS_MAX}
        type="search"
      />
      <WordField label={texts.technique} placeholder="T1059" value={technique} onChange={setTechnique} isMono />
      <Pick
        label={texts.level}
        value={oneOf(search.level, SEVERITIES) ?? ANY}
        options={options(SEVERITIES, (id) => shared.severities[oneOf(id, SEVERITIES) ?? "informational"])}
        onChange={chosen("level")}
      />
      <Pick
        label={texts.standing}
        value={oneOf(search.standing, STANDINGS) ?? ANY}
        options={options(STANDINGS, (id) => all.standings[oneOf(id, STANDINGS) ?? "in_force"])}
        onChange={chosen("standing")}
      />
      <Pick
        label={texts.product}
        value={oneOf(search.product, PRODUCTS) ?? ANY}
        options={options(PRODUCTS)}
        onChange={chosen("product")}
      />
      {packs.length < 2 ? null : (
        <Pick
          label={texts.pack}
          value={oneOf(search.pack, packs) ?? ANY}
          options={options(packs)}
          onChange={chosen("pack")}
        />
      )}
      <div className="button-row wide-row">
        <WordButton variant="primary" type="submit">
          {texts.apply}
        </WordButton>
        <WordButton onPress={() => void navigate({ search: {} })}>{texts.clear}</WordButton>
      </div>
    </Form>
  );
}
