package dev.azimuth.tensor.op;

import dev.azimuth.tensor.Check;
import dev.azimuth.tensor.Kernel;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Scaled dot-product attention (Vaswani et al. 2017), {@code y = softmax(scale * q kᵀ) v} for each
 * head. Inputs: q, k, v.
 *
 * <p>Shapes: q {@code [B, N, heads·d]}, k and v {@code [B, M, heads·d]} to y {@code [B, N,
 * heads·d]}; head j takes channels j·d to (j+1)·d - 1. With {@code causal}, query i sees keys 0 to
 * i. The N×M matrix is never stored.
 *
 * <p>Gradient, with p the softmax, recomputed: {@code dv = pᵀ dy}, {@code ds = p * (dy vᵀ - sum(dy
 * * y))}, {@code dq = scale * ds k}, {@code dk = scale * dsᵀ q}. Saves q, k, v, y and each query's
 * logarithm of its softmax's denominator.
 *
 * <p>Throws {@link dev.azimuth.tensor.ShapeException} unless the shapes are as above, M is positive
 * and heads divide the width.
 *
 * @param heads number of heads
 * @param scale what scores are multiplied by, usually {@code 1 / sqrt(d)}
 * @param causal whether a query sees no later keys
 */
public record Attention(int heads, double scale, boolean causal)
    implements Op.Several<Attention.Saved> {
  /** Inputs, value, and log-sum-exp {@code [B, heads, N]} of the scores. */
  public record Saved(Tensor q, Tensor k, Tensor v, Tensor y, Tensor logSumExp) {}

  public Attention {
    if (heads < 1) {
      throw new IllegalArgumentException("attention: heads must be positive; got " + heads);
    }
  }

  @Override
  public Result<Saved> forward(List<Tensor> inputs) {
    Tensor q = inputs.get(0);
    Tensor k = inputs.get(1);
    Tensor v = inputs.get(2);
    check(q, k, v);
    Tensor y = q.backend().empty(q.shape(), q.dtype());
    Tensor logSumExp =
        q.backend().empty(Shape.of(q.shape().dim(0), heads, q.shape().dim(1)), q.dtype());
    q.backend().run(new Kernel.Attention(q, k, v, y, logSumExp, heads, scale, causal));
    return new Result<>(y, new Saved(q, k, v, y, logSumExp));
  }

  private void check(Tensor q, Tensor k, Tensor v) {
    String op = "attention";
    Check.that(
        q.shape().rank() == 3 && k.shape().rank() == 3 && v.shape().rank() == 3,
        op,
        "q must be [B, N, heads·d], k and v [B, M, heads·d]",
        q,
        k,
        v);
    Check.same(op, "q and k must have one batch size", q.shape().dim(0), k.shape().dim(0), q, k, v);
    Check.same(op, "k and v must have one batch size", k.shape().dim(0), v.shape().dim(0), q, k, v);
    Check.same(op, "k and v must have one length", k.shape().dim(1), v.shape().dim(1), q, k, v);
    Check.that(k.shape().dim(1) > 0, op, "there must be a key", q, k, v);
    Check.same(op, "q and k must have one width", q.shape().dim(2), k.shape().dim(2), q, k, v);
    Check.same(op, "k and v must have one width", k.shape().dim(2), v.shape().dim(2), q, k, v);
    Check.that(
        q.shape().dim(2) % heads == 0,
        op,
        "heads must divide the width, " + heads + " of " + q.shape().dim(2),
        q,
        k,
        v);
  }

  @Override
  public List<@Nullable Tensor> vjp(Saved saved, Tensor dy, Wanted wanted) {
    Tensor dq = dy.backend().empty(saved.q().shape(), dy.dtype());
    Tensor dk = dy.backend().empty(saved.k().shape(), dy.dtype());
    Tensor dv = dy.backend().empty(saved.v().shape(), dy.dtype());
    dy.backend()
        .run(
            new Kernel.AttentionVjp(
                saved.q(),
                saved.k(),
                saved.v(),
                saved.y(),
                saved.logSumExp(),
                dy,
                dq,
                dk,
                dv,
                heads,
                scale,
                causal));
    return Op.gradients(
        wanted.input(0) ? dq : null, wanted.input(1) ? dk : null, wanted.input(2) ? dv : null);
  }

  /** One and many keys, queries and heads; causal; widths that aren't powers of two. */
  public static List<Example<Attention>> examples() {
    return List.of(
        example(1, false, Shape.of(2, 3, 4), Shape.of(2, 1, 4)).withoutGradient(0, 1),
        example(2, false, Shape.of(2, 3, 6), Shape.of(2, 5, 6)),
        example(3, false, Shape.of(1, 1, 9), Shape.of(1, 4, 9)),
        example(1, true, Shape.of(2, 5, 3), Shape.of(2, 5, 3)),
        example(2, true, Shape.of(1, 3, 4), Shape.of(1, 7, 4)),
        example(1, false, Shape.of(1, 1, 1), Shape.of(1, 1, 1)).withoutGradient(0, 1));
  }

  private static Example<Attention> example(int heads, boolean causal, Shape q, Shape kv) {
    double scale = 1 / Math.sqrt((double) q.dim(2) / heads);
    return Example.of(new Attention(heads, scale, causal), q, kv, kv);
  }
}
