/**
 * Words of training tasks and of targets in their domain: animals. They are short, since a byte-level model
 * reads letters.
 */
export const seenWords: readonly string[] =
  "ant ape bat bee boa cat cod cow cub dab doe dog eel elk emu ewe fly fox gnu hen hog jay kid koi owl pig pug ram rat yak".split(
    " ",
  );

/** Words of a domain that training never sees: plants, spelled with the same letters. */
export const unseenWords: readonly string[] =
  "ash bay elm fig fir hop ivy nut oak oat pea rye".split(" ");
