/** The named views above the list: each is a link, so that it opens in another window, too. */

import { Link } from "@tanstack/react-router";
import { BookmarkPlus, X } from "lucide-react";
import { type FormEvent, useState } from "react";
import { Form } from "react-aria-components";
import { useSpeech } from "../../i18n/language";
import { useTexts } from "../../i18n/texts";
import { IconButton, WordButton } from "../../kit/Buttons";
import { WordField } from "../../kit/Fields";
import { Overlay } from "../../kit/Overlay";
import { useToast } from "../../kit/Toasts";
import type { ThreatSearch } from "./search";
import { threatsTexts } from "./texts";
import {
  isSameView,
  NAME_CHARACTERS_MAX,
  OPEN,
  readViews,
  URGENT,
  type View,
  viewOf,
  withView,
  writeViews,
} from "./views";

export function ViewBar({ search }: { search: ThreatSearch }) {
  const texts = useTexts(threatsTexts).views;
  const tell = useToast();
  const [own, setOwn] = useState(readViews);
  const [isNaming, setNaming] = useState(false);
  const keep = (views: View[], said: string | null) => {
    const isKept = writeViews(views);
    setOwn(views);
    if (!isKept) tell(texts.notSaved);
    else if (said !== null) tell(said);
  };
  const always = [
    { name: texts.all, search: {} },
    { name: texts.open, search: OPEN },
    { name: texts.urgent, search: URGENT },
  ];
  const isKnown = [...always, ...own].some((view) => isSameView(view.search, search));
  return (
    <div className="view-bar">
      <nav aria-label={texts.label}>
        <ul>
          {always.map((view) => (
            <li key={view.name}>
              <ViewLink view={view} search={search} />
            </li>
          ))}
          {own.map((view) => (
            <li key={`own ${view.name}`}>
              <ViewLink view={view} search={search} />
              <IconButton
                label={texts.drop(view.name)}
                onPress={() =>
                  keep(
                    own.filter(({ name }) => name !== view.name),
                    null,
                  )
                }
              >
                <X aria-hidden size={14} />
              </IconButton>
            </li>
          ))}
        </ul>
      </nav>
      {isKnown ? null : (
        <WordButton variant="quiet" onPress={() => setNaming(true)}>
          <BookmarkPlus aria-hidden size={16} />
          {texts.save}
        </WordButton>
      )}
      {isNaming ? (
        <NameDialog
          onClose={() => setNaming(false)}
          onName={(name) => keep(withView(own, { name, search: viewOf(search) }), texts.saved(name))}
        />
      ) : null}
    </div>
  );
}

function ViewLink({ view, search }: { view: View; search: ThreatSearch }) {
  const isHere = isSameView(view.search, search);
  return (
    <Link
      to="/threats"
      search={view.search}
      className="view-link"
      activeOptions={{ exact: true }}
      activeProps={{}}
      data-here={isHere || undefined}
    >
      {view.name}
    </Link>
  );
}

function NameDialog({ onClose, onName }: { onClose: () => void; onName: (name: string) => void }) {
  const { texts: shared } = useSpeech();
  const texts = useTexts(threatsTexts).views;
  const [name, setName] = useState("");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onName(name.trim());
    onClose();
  };
  return (
    <Overlay title={texts.save} isOpen onOpenChange={onClose}>
      <Form className="dialog-form" onSubmit={submit}>
        <div className="dialog-body">
          <WordField
            label={texts.name}
            hint={texts.nameHint}
            value={name}
            onChange={setName}
            maxLength={NAME_CHARACTERS_MAX}
            isRequired
            autoFocus
          />
        </div>
        <div className="dialog-foot">
          <span className="grow" />
          <WordButton slot="close">{shared.cancel}</WordButton>
          <WordButton variant="primary" type="submit" isDisabled={name.trim() === ""}>
            {texts.saveIt}
          </WordButton>
        </div>
      </Form>
    </Overlay>
  );
}
