package dev.azimuth.benchmarks;

import ai.djl.ndarray.NDManager;
import dev.azimuth.benchmarks.TorchScript.ImageLayout;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipPreprocess;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.Configuration;
import dev.azimuth.diffusion.DdimSampler;
import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoisePredictor;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.SeededParameters;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.Zero123;
import dev.azimuth.nn.Context;
import dev.azimuth.nn.ParameterSource;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.TimestepEmbedding;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.cpu.CpuBackend;
import dev.azimuth.tensor.random.TorchRandom;
import dev.azimuth.views.Image;
import dev.azimuth.views.Preprocess;
import dev.azimuth.views.RelativePose;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Objects;

/**
 * What {@code azimuth synthesize} does for one sample, with every network on libtorch. Ours here
 * are the picture files, the seeded weights, the resizing for CLIP, the token's projection and the
 * sampler's arithmetic on the latent: some milliseconds besides the weights, which both sides draw.
 */
final class TorchSynthesis implements AutoCloseable {
  private final Backend host;
  private final NDManager torch;
  private final ModelConfig config;
  private final ParameterSource weights;
  private final ImageLayout layout;

  private TorchSynthesis(ModelConfig config, long weightSeed, int threads, ImageLayout layout) {
    this.config = config;
    this.weights = new SeededParameters(Zero123.parameterShapes(config), weightSeed);
    this.host = CpuBackend.simd(threads);
    this.torch = Torch.open(threads);
    this.layout = layout;
  }

  /** Arguments: model folder, picture, azimuth in degrees, steps, threads, layout, result. */
  public static void main(String[] args) throws IOException {
    ModelConfig config = Configuration.read(Path.of(args[0], "config.json"), ModelConfig.class);
    ModelConfig.SeededRule seeded = config.weights();
    if (seeded == null) {
      throw new IllegalArgumentException(args[0] + ": its weights don't come from a seed");
    }
    ImageLayout layout = ImageLayout.valueOf(args[5]);
    int threads = Integer.parseInt(args[4]);
    try (TorchSynthesis synthesis = new TorchSynthesis(config, seeded.seed(), threads, layout)) {
      RelativePose move = RelativePose.ofDegrees(0, Double.parseDouble(args[2]), 0);
      double[] pose = config.pose().encode(move.polar(), move.azimuth(), move.radius(), 0);
      Image image = Image.read(Path.of(args[1]));
      synthesis.run(image, pose, Integer.parseInt(args[3])).writePng(Path.of(args[6]));
    }
  }

  private Image run(Image view, double[] pose, int steps) {
    int size = config.imageSize();
    Tensor image =
        tensor(Shape.of(1, size, size, 3), Preprocess.COMPOSITE.apply(view, size).toSignedRgb());
    Tensor token = token(embed(image), pose);
    Tensor concat = mode(image);
    Tensor latent = denoise(token, concat, steps);
    int z = config.latentSize();
    float[] decoded =
        once(
            (p, _) -> {
              AutoencoderKl autoencoder =
                  new AutoencoderKl(p.at("first_stage_model"), config.autoencoder());
              Tensor x = constant(p, 1, z, z, config.autoencoder().embedDim());
              return () -> autoencoder.decode(x);
            },
            latent.mul(1 / config.scaleFactor()).toFloats());
    Tensor result = tensor(Shape.of(1, size, size, 3), decoded).clamp(-1, 1);
    return Image.ofSignedRgb(size, size, result.toFloats());
  }

  private Tensor embed(Tensor image) {
    int size = config.clip().inputResolution();
    float[] embedding =
        once(
            (p, _) -> {
              Parameters visual = p.at("cond_stage_model").at("model").at("visual");
              ClipVision clip = new ClipVision(visual, config.clip());
              Tensor x = constant(p, 1, size, size, 3);
              return () -> clip.forward(x);
            },
            new ClipPreprocess(size, config.clipResize()).forward(image).toFloats());
    return tensor(Shape.of(1, config.clip().outputDim()), embedding);
  }

  private Tensor token(Tensor embedding, double[] pose) {
    int width = config.unet().contextDim();
    Tensor moved = Tensor.of(host, DType.FLOAT32, Shape.of(1, pose.length), pose);
    Tensor both = Tensor.concat(1, embedding, moved);
    Shape shape = Shape.of(width, both.shape().dim(1));
    return both.linear(
        tensor(shape, weights.values("cc_projection.weight")),
        tensor(Shape.of(width), weights.values("cc_projection.bias")));
  }

  private Tensor mode(Tensor image) {
    int size = config.imageSize();
    int z = config.autoencoder().embedDim();
    float[] moments =
        once(
            (p, _) -> {
              AutoencoderKl autoencoder =
                  new AutoencoderKl(p.at("first_stage_model"), config.autoencoder());
              Tensor x = constant(p, 1, size, size, 3);
              return () -> autoencoder.moments(x);
            },
            image.toFloats());
    int side = config.latentSize();
    return tensor(Shape.of(1, side, side, 2 * z), moments).slice(3, 0, z);
  }

  private Tensor denoise(Tensor token, Tensor concat, int steps) {
    int side = config.latentSize();
    int z = config.unet().outChannels();
    Network step =
        (p, context) -> {
          UNet unet = new UNet(p.at("model").at("diffusion_model"), config.unet());
          Tensor x = constant(p, 2, side, side, config.unet().inChannels());
          Tensor c = constant(p, 2, 1, config.unet().contextDim());
          return () -> unet.forward(x, new long[2], context.apply(c));
        };
    TimestepEmbedding embedding = TimestepEmbedding.of(config.unet().modelChannels());
    float[] context = Tensor.concat(0, token.mul(0), token).toFloats();
    Tensor beside = Tensor.concat(0, concat.mul(0), concat);
    NoiseSchedule schedule = new NoiseSchedule(config.schedule());
    DdimSchedule chosen =
        DdimSchedule.of(schedule, config.sampling().rule(), steps, config.sampling().eta());
    TorchRandom random = new TorchRandom(0);
    try (TorchPeer peer = peer(step)) {
      NoisePredictor guided =
          (x, t) -> {
            Tensor input = Tensor.concat(3, Tensor.concat(0, x, x), beside);
            float[] sinusoids = embedding.forward(host, DType.FLOAT32, t, t).toFloats();
            peer.setConstants(input.toFloats(), context, sinusoids);
            Tensor e = tensor(Shape.of(2, side, side, z), peer.results().get(0));
            Tensor without = e.slice(0, 0, 1);
            return without.add(e.slice(0, 1, 2).sub(without).mul(config.sampling().scale()));
          };
      return new DdimSampler(chosen)
          .sample(
              noise(random),
              NoisePredictor.of(config.predictionType(), guided, schedule),
              (_, _) -> noise(random),
              (_, _, _) -> {});
    }
  }

  private Tensor noise(TorchRandom random) {
    int side = config.latentSize();
    int z = config.unet().outChannels();
    return tensor(Shape.of(1, z, side, side), random.randn(z * side * side)).permute(0, 2, 3, 1);
  }

  private Tensor tensor(Shape shape, float[] values) {
    return Tensor.of(host, shape, values);
  }

  private static Tensor constant(Parameters p, int... dims) {
    Shape shape = Shape.of(dims);
    return Tensor.of(p.backend(), shape, new float[shape.size()]);
  }

  /** One call of a network of one constant. */
  private float[] once(Network network, float[] input) {
    try (TorchPeer peer = peer(network)) {
      peer.setConstants(input);
      return peer.results().get(0);
    }
  }

  private TorchPeer peer(Network network) {
    Traced traced = Traced.forward(network, Context.Tokens::new);
    Parameters p = Parameters.stored(host, Parameters.Storage.FLOAT32, weights);
    network.on(p, Context.Tokens::new);
    Map<String, Tensor> tensors = p.tensors();
    return TorchPeer.forward(
        torch, traced, name -> Objects.requireNonNull(tensors.get(name)).toFloats(), layout);
  }

  @Override
  public void close() {
    torch.close();
    host.close();
  }
}
