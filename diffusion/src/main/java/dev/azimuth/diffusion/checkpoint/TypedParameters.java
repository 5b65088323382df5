package dev.azimuth.diffusion.checkpoint;

import dev.azimuth.nn.ParameterSource;
import dev.azimuth.tensor.file.ElementType;
import java.io.IOException;

/** Parameters that can also be had as they are stored, for copying without rounding. */
interface TypedParameters extends ParameterSource {
  /** How a parameter's numbers are stored. */
  ElementType type(String name);

  /**
   * A parameter's numbers as they are stored, little-endian, in our order.
   *
   * @throws IOException if they can't be read, or its pieces are stored in different types
   */
  byte[] bytes(String name) throws IOException;
}
