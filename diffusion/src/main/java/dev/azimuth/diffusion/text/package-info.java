/** Texts as CLIP reads them: repaired, cut into pieces, numbered. */
@NullMarked
package dev.azimuth.diffusion.text;

import org.jspecify.annotations.NullMarked;
