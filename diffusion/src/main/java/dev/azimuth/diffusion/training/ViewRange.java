package dev.azimuth.diffusion.training;

/**
 * How many condition views a training step draws.
 *
 * <p>Every sample of a step has the same number, drawn for the step: the batch stays one tensor
 * without masks, and over steps the gradient's expectation is that of numbers drawn for each
 * sample.
 *
 * @param least 1 or more
 * @param most least or more
 */
public record ViewRange(int least, int most) {
  /** One view, as published. */
  public static final ViewRange ONE = new ViewRange(1, 1);

  /** Throws {@link IllegalArgumentException} naming the number that can't be. */
  public ViewRange {
    if (least < 1 || most < least) {
      throw new IllegalArgumentException(
          "condition_views: must be from 1 or more to at least as many, not from "
              + least
              + " to "
              + most);
    }
  }
}
