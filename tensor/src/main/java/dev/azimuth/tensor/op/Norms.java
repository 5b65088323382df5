package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Tensor;

/** The shape rule that the normalisations share. */
final class Norms {
  private Norms() {}

  /** All but the first operand must be {@code [channels]}. */
  static void requirePerChannel(String op, int channels, Tensor... operands) {
    for (int i = 1; i < operands.length; i++) {
      Tensor operand = operands[i];
      Check.that(
          operand.shape().rank() == 1,
          op,
          "operand " + i + " must have a value per channel, not rank " + operand.shape().rank(),
          operands);
      Check.same(
          op,
          "operand " + i + " must have a value per channel",
          operand.shape().dim(0),
          channels,
          operands);
    }
  }
}
