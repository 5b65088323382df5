/**
 * Tensors in files: safetensors, npy and PyTorch checkpoints, read strictly and written whole or
 * not at all.
 *
 * <p>Everything here works on plain arrays; what a file says about itself is checked against the
 * file's real size before memory is taken for it, and no file can make this package run code.
 */
@NullMarked
package dev.azimuth.tensor.file;

import org.jspecify.annotations.NullMarked;
