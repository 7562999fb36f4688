/** Bodies of 100 octets that say which they are. */
export function messages(count) {
  return Array.from({ length: count }, (_, i) => `${i}`.padStart(8, "0").padEnd(100, "x"));
}

/** The value below which a share of the numbers is. */
export function quantile(numbers, share) {
  const sorted = numbers.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))];
}

export const median = (numbers) => quantile(numbers, 0.5);

/** Whole numbers with separators between thousands. */
export const whole = (number) => Math.round(number).toLocaleString("en");

/** Prints rows, the first of which is the head, in columns: the first to the left, the others to the right. */
export function printTable(rows) {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => String(row[column]).length)));
  for (const row of rows) {
    const cells = row.map((cell, i) => (i === 0 ? String(cell).padEnd(widths[i]) : String(cell).padStart(widths[i])));
    console.log(cells.join("   "));
  }
  console.log();
}
