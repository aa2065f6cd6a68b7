/** The forms in which something is taken along: each a file that the server writes, or one that is made here. */

import { ChevronDown, Download } from "lucide-react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { WordButton } from "./Buttons";

interface ExportMenuProps<T extends string> {
  /** What each form is called, and the menu itself. */
  texts: Readonly<Record<T, string>> & { readonly label: string };
  formats: readonly T[];
  /** Where the server has a form. */
  path?: (format: T) => string;
  /** What makes one, where the server has none. */
  save?: (format: T) => void;
  isBusy?: boolean;
}

export function ExportMenu<T extends string>({ texts, formats, path, save, isBusy = false }: ExportMenuProps<T>) {
  return (
    <MenuTrigger>
      <WordButton isPending={isBusy}>
        <Download aria-hidden size={16} />
        {texts.label}
        <ChevronDown aria-hidden size={15} />
      </WordButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="options" aria-label={texts.label} onAction={(format) => save?.(format as T)}>
          {formats.map((format) => (
            <MenuItem
              key={format}
              id={format}
              className="option option-plain"
              {...(path ? { href: path(format), download: "" } : {})}
            >
              {texts[format]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
