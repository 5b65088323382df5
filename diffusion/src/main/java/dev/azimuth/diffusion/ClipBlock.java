package dev.azimuth.diffusion;

import dev.azimuth.nn.LayerNorm;
import dev.azimuth.nn.Linear;
import dev.azimuth.nn.Module;
import dev.azimuth.nn.MultiHeadAttention;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Tensor;

/** One transformer layer of CLIP's towers (OpenAI {@code ResidualAttentionBlock}). */
final class ClipBlock implements Module {
  private final LayerNorm ln1;
  private final MultiHeadAttention attn;
  private final LayerNorm ln2;
  private final Linear fc;
  private final Linear proj;

  ClipBlock(Parameters p, int width, int heads, boolean causal) {
    this.attn = new MultiHeadAttention(p.at("attn"), width, heads, causal);
    this.ln1 = new LayerNorm(p.at("ln_1"), width);
    this.fc = Linear.of(p.at("mlp").at("c_fc"), width, 4 * width);
    this.proj = Linear.of(p.at("mlp").at("c_proj"), 4 * width, width);
    this.ln2 = new LayerNorm(p.at("ln_2"), width);
  }

  @Override
  public Tensor forward(Tensor x) {
    Tensor h = attn.forward(ln1.forward(x)).add(x);
    return proj.forward(fc.forward(ln2.forward(h)).quickGelu()).add(h);
  }
}
