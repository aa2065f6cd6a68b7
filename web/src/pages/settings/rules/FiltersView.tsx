/** What the workspace takes from rules: its own filters, in the form of Sigma. */

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Plus } from "lucide-react";
import { useState } from "react";
import { answerOf, server } from "../../../api/server";
import { useTexts } from "../../../i18n/texts";
import { Asked, Empty } from "../../../kit/Asked";
import { WordButton } from "../../../kit/Buttons";
import { ConfirmDialog } from "../../../kit/ConfirmDialog";
import { WordField } from "../../../kit/Fields";
import { Fold } from "../../../kit/Fold";
import { FormDialog } from "../../../kit/FormDialog";
import { PanelTable } from "../../../kit/PanelTable";
import { Moment } from "../../../kit/Times";
import { useToast } from "../../../kit/Toasts";
import { Who } from "../../../session/Who";
import { filtersQuery } from "./queries";
import type { RuleFilter } from "./rules";
import { ruleTexts } from "./texts";

const COLUMNS = ["title", "created", "by", "acts"] as const;

export function FiltersView({ isAllowed }: { isAllowed: boolean }) {
  const texts = useTexts(ruleTexts).own;
  const [isAdding, setAdding] = useState(false);
  const [leaving, setLeaving] = useState<RuleFilter | null>(null);
  return (
    <>
      <p className="page-lead">{texts.lead}</p>
      <div className="button-row">
        <WordButton
          isDisabled={!isAllowed}
          {...(isAllowed ? {} : { "aria-describedby": "rules-reason" })}
          onPress={() => setAdding(true)}
        >
          <Plus aria-hidden size={16} />
          {texts.add}
        </WordButton>
      </div>
      <Asked query={useQuery(filtersQuery)}>
        {({ data }) =>
          data.length === 0 ? (
            <Empty title={texts.none} />
          ) : (
            <PanelTable title={texts.columns.title} columns={COLUMNS} texts={texts.columns}>
              {data.map((filter) => (
                <Row key={filter.id} filter={filter} isAllowed={isAllowed} onRemove={() => setLeaving(filter)} />
              ))}
            </PanelTable>
          )
        }
      </Asked>
      {isAdding ? <AddDialog onClose={() => setAdding(false)} /> : null}
      {leaving === null ? null : <RemoveDialog filter={leaving} onClose={() => setLeaving(null)} />}
    </>
  );
}

interface RowProps {
  filter: RuleFilter;
  isAllowed: boolean;
  onRemove: () => void;
}

function Row({ filter, isAllowed, onRemove }: RowProps) {
  const texts = useTexts(ruleTexts).own;
  return (
    <tr>
      <th scope="row" className="key-name">
        {filter.title}
        <Fold label={texts.show} fullLabel={`${texts.show} ${filter.title}`}>
          {() => <pre className="snippet">{filter.text}</pre>}
        </Fold>
      </th>
      <td>
        <Moment at={filter.created_at} />
      </td>
      <td>
        <Who actor={filter.created_by} />
      </td>
      <td>
        <span className="danger">
          <WordButton
            isDisabled={!isAllowed}
            aria-label={texts.removeNamed(filter.title)}
            {...(isAllowed ? {} : { "aria-describedby": "rules-reason" })}
            onPress={onRemove}
          >
            {texts.remove}
          </WordButton>
        </span>
      </td>
    </tr>
  );
}

const FILTER_CHARACTERS_MAX = 65_536;
const EXAMPLE = `title: Our software distribution
logsource:
  product: windows
filter:
  rules: any
  selection:
    ParentImage|endswith: '\\deploy.exe'
  condition: not selection
`;

function AddDialog({ onClose }: { onClose: () => void }) {
  const texts = useTexts(ruleTexts).own;
  const client = useQueryClient();
  const tell = useToast();
  const [text, setText] = useState("");
  const add = async () => {
    const { title } = await answerOf(server.POST("/v3/detection/filters", { body: { text } }));
    tell(texts.added(title));
    await client.invalidateQueries({ queryKey: ["rules"] });
    onClose();
  };
  return (
    <FormDialog
      title={texts.add}
      lead={texts.lead}
      submit={texts.add}
      isIncomplete={text.trim() === ""}
      onSubmit={add}
      onClose={onClose}
    >
      <WordField
        label={texts.form}
        hint={texts.formHint}
        placeholder={EXAMPLE}
        rows={12}
        value={text}
        onChange={setText}
        maxLength={FILTER_CHARACTERS_MAX}
        isMono
        autoFocus
      />
    </FormDialog>
  );
}

function RemoveDialog({ filter, onClose }: { filter: RuleFilter; onClose: () => void }) {
  const all = useTexts(ruleTexts).own;
  const texts = all.removal;
  const client = useQueryClient();
  const tell = useToast();
  const remove = async () => {
    const params = { path: { filter_id: filter.id } };
    await answerOf(server.DELETE("/v3/detection/filters/{filter_id}", { params }));
    tell(texts.done(filter.title));
    await client.invalidateQueries({ queryKey: ["rules"] });
  };
  return (
    <ConfirmDialog
      title={texts.title(filter.title)}
      lead={texts.lead}
      submit={all.remove}
      onConfirm={remove}
      onClose={onClose}
    />
  );
}
