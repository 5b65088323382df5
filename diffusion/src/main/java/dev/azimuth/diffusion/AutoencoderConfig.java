package dev.azimuth.diffusion;

import java.util.List;

/**
 * The sizes of an {@link AutoencoderKl}, as the reference's {@code ddconfig} names them.
 *
 * @param ch channels of the first level
 * @param chMult each level's channels over ch
 * @param numResBlocks residual blocks per level
 * @param attnResolutions image resolutions at which there is attention, beside the middle
 * @param inChannels channels of the image that is encoded
 * @param outCh channels of the image that is decoded
 * @param zChannels channels of the latent
 * @param resolution the image size that attnResolutions refer to
 * @param embedDim channels of the latent after {@code quant_conv}; 0 (absent) means zChannels
 * @param numGroups groups of every group norm; 0 (absent) means the reference's 32
 */
public record AutoencoderConfig(
    int ch,
    List<Integer> chMult,
    int numResBlocks,
    List<Integer> attnResolutions,
    int inChannels,
    int outCh,
    int zChannels,
    int resolution,
    int embedDim,
    int numGroups) {

  /** Throws {@link IllegalArgumentException} naming the first size that can't be. */
  public AutoencoderConfig {
    numGroups = numGroups == 0 ? 32 : numGroups;
    embedDim = embedDim == 0 ? zChannels : embedDim;
    chMult = Sizes.list("autoencoder.ch_mult", chMult);
    attnResolutions = Sizes.list("autoencoder.attn_resolutions", attnResolutions);
    Sizes.requirePositive("autoencoder.ch", ch);
    Sizes.requireSome("autoencoder.ch_mult", chMult);
    Sizes.requirePositive("autoencoder.num_res_blocks", numResBlocks);
    Sizes.requirePositive("autoencoder.in_channels", inChannels);
    Sizes.requirePositive("autoencoder.out_ch", outCh);
    Sizes.requirePositive("autoencoder.z_channels", zChannels);
    Sizes.requirePositive("autoencoder.resolution", resolution);
    Sizes.requirePositive("autoencoder.embed_dim", embedDim);
    Sizes.requireDivides("autoencoder: num_groups", numGroups, "ch", ch);
  }

  /** Image size over latent size. */
  public int downsampling() {
    return 1 << (chMult.size() - 1);
  }

  public int levels() {
    return chMult.size();
  }

  public int channels(int level) {
    return ch * chMult.get(level);
  }

  public boolean hasAttention(int level) {
    return attnResolutions.contains(resolution >> level);
  }
}
