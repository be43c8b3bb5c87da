// Sizes of files in words.

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"];

// Returns a number of bytes as people read it: "3.4 MiB".
export const size = (bytes) => {
  const step = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** step;
  return `${Number(value.toFixed(step && value < 100 ? 1 : 0))} ${UNITS[step]}`;
};
