package dev.azimuth.diffusion;

import java.util.List;

/**
 * The sizes of a {@link UNet}, as the reference's configuration names them.
 *
 * @param inChannels channels of the noisy and the condition latent together
 * @param outChannels channels of the predicted noise
 * @param modelChannels channels of the first level
 * @param numResBlocks residual blocks per level
 * @param attentionResolutions down-sampling rates at which there is a transformer
 * @param channelMult each level's channels over modelChannels
 * @param numHeads heads of every attention
 * @param transformerDepth blocks in each transformer
 * @param contextDim width of the context tokens
 * @param numGroups groups of every group norm; 0 (absent) means the reference's 32
 */
public record UNetConfig(
    int inChannels,
    int outChannels,
    int modelChannels,
    int numResBlocks,
    List<Integer> attentionResolutions,
    List<Integer> channelMult,
    int numHeads,
    int transformerDepth,
    int contextDim,
    int numGroups) {

  /** Throws {@link IllegalArgumentException} naming the first size that can't be. */
  public UNetConfig {
    numGroups = numGroups == 0 ? 32 : numGroups;
    attentionResolutions = Sizes.list("unet.attention_resolutions", attentionResolutions);
    channelMult = Sizes.list("unet.channel_mult", channelMult);
    Sizes.requirePositive("unet.in_channels", inChannels);
    Sizes.requirePositive("unet.out_channels", outChannels);
    Sizes.requirePositive("unet.model_channels", modelChannels);
    Sizes.requirePositive("unet.num_res_blocks", numResBlocks);
    Sizes.requirePositive("unet.num_heads", numHeads);
    Sizes.requirePositive("unet.transformer_depth", transformerDepth);
    Sizes.requirePositive("unet.context_dim", contextDim);
    Sizes.requireSome("unet.channel_mult", channelMult);
    for (int mult : channelMult) {
      int channels = mult * modelChannels;
      Sizes.requireDivides("unet: num_groups", numGroups, "channels", channels);
      Sizes.requireDivides("unet: num_heads", numHeads, "channels", channels);
    }
  }

  /** The same network for context tokens of another width. */
  public UNetConfig withContextDim(int other) {
    return new UNetConfig(
        inChannels,
        outChannels,
        modelChannels,
        numResBlocks,
        attentionResolutions,
        channelMult,
        numHeads,
        transformerDepth,
        other,
        numGroups);
  }

  /** Number of levels. */
  public int levels() {
    return channelMult.size();
  }

  /** Channels of a level. */
  public int channels(int level) {
    return channelMult.get(level) * modelChannels;
  }

  /** Whether a level's residual blocks are followed by transformers. */
  public boolean hasAttention(int level) {
    return attentionResolutions.contains(1 << level);
  }

  /** Width of the time embedding. */
  public int embChannels() {
    return 4 * modelChannels;
  }
}
