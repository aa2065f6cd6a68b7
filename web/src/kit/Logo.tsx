/** The sign of the product: a shield with a keyhole. */

export function Logo() {
  return (
    <svg className="logo" viewBox="0 0 32 32" width="26" height="26" aria-hidden="true">
      <path
        fillRule="evenodd"
        d="M16 1.500 28 6v9.200c0 7.200-4.800 12.600-12 15.300C8.800 27.800 4 22.400 4 15.200V6Zm0 3.200L7 8.100v7.100c0 5.500 3.500 9.600 9 12 5.500-2.400 9-6.500 9-12V8.100Z"
      />
      <circle cx="16" cy="13.500" r="3.600" />
      <path d="M14.500 15h3l1 7h-5z" />
    </svg>
  );
}
