/** A table of a page of settings, called by the page: its columns, and the rows that are given. */

import type { ReactNode } from "react";
import { HeadRow } from "./HeadRow";

interface PanelTableProps<Column extends string> {
  title: string;
  columns: readonly Column[];
  texts: Readonly<Record<Column, string>>;
  children: ReactNode;
}

export function PanelTable<Column extends string>({ title, columns, texts, children }: PanelTableProps<Column>) {
  return (
    <div className="table-box panel-table">
      <table className="table">
        <caption className="visually-hidden">{title}</caption>
        <HeadRow columns={columns} texts={texts} />
        <tbody>{children}</tbody>
      </table>
    </div>
  );
}
