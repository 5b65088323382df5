package dev.azimuth.nn;

import dev.azimuth.nn.Conv2d.Window;
import dev.azimuth.tensor.Tensor;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Transformer blocks over the pixels of a feature map, row by row, added to it (reference {@code
 * ldm/modules/attention.py}, {@code SpatialTransformer}).
 */
public final class SpatialTransformer {
  private final GroupNorm norm;
  private final Conv2d projIn;
  private final List<BasicTransformerBlock> blocks;
  private final Conv2d projOut;

  /** The sizes of a spatial transformer; {@code groups} of its group norm, 32 in the reference. */
  public record Sizes(
      int channels, int heads, int dimHead, int depth, int contextDim, int groups) {}

  /** Parameters {@code norm, proj_in, transformer_blocks.0..depth-1, proj_out}. */
  public SpatialTransformer(Parameters p, Sizes sizes) {
    int inner = sizes.heads * sizes.dimHead;
    this.norm = new GroupNorm(p.at("norm"), sizes.groups, sizes.channels, 1e-6);
    this.projIn = Conv2d.of(p.at("proj_in"), sizes.channels, inner, Window.ONE);
    CrossAttention.Sizes attention =
        new CrossAttention.Sizes(inner, sizes.contextDim, sizes.heads, sizes.dimHead);
    this.blocks =
        IntStream.range(0, sizes.depth)
            .mapToObj(i -> new BasicTransformerBlock(p.at("transformer_blocks").at(i), attention))
            .toList();
    this.projOut = Conv2d.zero(p.at("proj_out"), inner, sizes.channels, Window.ONE);
  }

  /** A map x [N, H, W, C] to the same shape. */
  public Tensor forward(Tensor x, Context context) {
    int n = x.shape().dim(0);
    int height = x.shape().dim(1);
    int width = x.shape().dim(2);
    Tensor h = projIn.forward(norm.forward(x));
    h = h.reshape(n, height * width, h.shape().dim(3));
    for (BasicTransformerBlock block : blocks) {
      h = block.forward(h, context);
    }
    h = h.reshape(n, height, width, h.shape().dim(2));
    return projOut.forward(h).add(x);
  }
}
