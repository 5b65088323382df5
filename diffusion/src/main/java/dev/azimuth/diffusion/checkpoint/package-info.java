/**
 * Checkpoints as they are published: recognised by what a file or folder holds, read strictly,
 * written and turned into one another.
 */
@NullMarked
package dev.azimuth.diffusion.checkpoint;

import org.jspecify.annotations.NullMarked;
