package dev.azimuth.tensor.op;

/**
 * An operation of the user's own, for experiments: implement {@code forward} and {@code vjp}, apply
 * it with {@link dev.azimuth.tensor.Tensor#apply}, and check it with {@code GradCheck}.
 *
 * @param <S> what the gradient needs
 */
public non-sealed interface CustomOp<S> extends Op<S> {}
