/** All that the filters show, as one file, in the form that is wanted. */

import { ChevronDown, Download } from "lucide-react";
import { Menu, MenuItem, MenuTrigger, Popover } from "react-aria-components";
import { useTexts } from "../../i18n/texts";
import { WordButton } from "../../kit/Buttons";
import { exportPath, type ThreatSearch } from "./search";
import { threatsTexts } from "./texts";

const FORMATS = ["csv", "ndjson", "stix"] as const;

export function ExportMenu({ search }: { search: ThreatSearch }) {
  const texts = useTexts(threatsTexts).export;
  return (
    <MenuTrigger>
      <WordButton>
        <Download aria-hidden size={16} />
        {texts.label}
        <ChevronDown aria-hidden size={15} />
      </WordButton>
      <Popover className="popover" placement="bottom end">
        <Menu className="options" aria-label={texts.label}>
          {FORMATS.map((format) => (
            <MenuItem
              key={format}
              className="option option-plain"
              href={exportPath(search, format, Date.now())}
              download=""
            >
              {texts[format]}
            </MenuItem>
          ))}
        </Menu>
      </Popover>
    </MenuTrigger>
  );
}
