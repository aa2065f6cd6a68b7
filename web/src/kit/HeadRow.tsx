/** The head of a table: a row of the names of its columns. */

interface HeadRowProps<Column extends string> {
  columns: readonly Column[];
  texts: Readonly<Record<Column, string>>;
}

export function HeadRow<Column extends string>({ columns, texts }: HeadRowProps<Column>) {
  return (
    <thead>
      <tr>
        {columns.map((column) => (
          <th key={column} scope="col">
            {texts[column]}
          </th>
        ))}
      </tr>
    </thead>
  );
}
