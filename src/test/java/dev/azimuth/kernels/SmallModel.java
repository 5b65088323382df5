package dev.azimuth.kernels;

import dev.azimuth.autograd.Gradients;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.DdimSampler;
import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.ModelConfig;
import dev.azimuth.diffusion.NoisePredictor;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.TinyModels;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.Zero123Conditioner;
import dev.azimuth.nn.ModuleChecks;
import dev.azimuth.nn.Parameters;
import dev.azimuth.nn.optim.AdamW;
import dev.azimuth.nn.optim.Ema;
import dev.azimuth.tensor.Backend;
import dev.azimuth.tensor.DType;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.tensor.random.TorchRandom;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A whole Zero-1-to-3 with every kind of layer, in a few thousand parameters. */
final class SmallModel {
  private static final int LATENT = 8;
  private static final int Z = 2;

  private final Backend backend;
  private final DType dtype;
  private final ModelConfig config = TinyModels.model();
  private final NoiseSchedule schedule = new NoiseSchedule(config.schedule());
  private final Map<String, Tensor> unetParameters;
  private final UNet unet;
  private final AutoencoderKl autoencoder;
  private final Zero123Conditioner conditioner;

  SmallModel(Backend backend, DType dtype) {
    this.backend = backend;
    this.dtype = dtype;
    Parameters p = Parameters.initialized(backend, dtype, new TorchRandom(1));
    unet = new UNet(p, config.unet());
    unetParameters = p.tensors();
    Parameters rest = Parameters.initialized(backend, dtype, new TorchRandom(2));
    autoencoder = new AutoencoderKl(rest.at("first_stage_model"), config.autoencoder());
    ClipVision clip = new ClipVision(rest.at("visual"), config.clip());
    conditioner =
        new Zero123Conditioner(
            rest.at("cc_projection"),
            new ViewEncoder(autoencoder, clip, config.clipResize()),
            config.unet().contextDim());
    unetParameters.forEach(ModuleChecks::redraw);
    rest.tensors().forEach(ModuleChecks::redraw);
  }

  private Tensor normal(long seed, int... dims) {
    Shape shape = Shape.of(dims);
    float[] drawn = new TorchRandom(seed).randn(shape.size());
    double[] values = new double[drawn.length];
    for (int i = 0; i < values.length; i++) {
      values[i] = drawn[i];
    }
    return Tensor.of(backend, dtype, shape, values);
  }

  /** The picture at hand and the pose: seen once for each of {@code batch} samples. */
  private Conditioning conditioning(int batch) {
    int size = config.imageSize();
    return conditioner.condition(normal(3, batch, size, size, 3).clamp(-1, 1), normal(4, batch, 4));
  }

  /** The loss, its gradients, the parameters after AdamW's step and their running average. */
  Map<String, Tensor> trainingStep() {
    Tensor noise = normal(5, 2, LATENT, LATENT, Z);
    Tensor noisy = schedule.addNoise(normal(6, 2, LATENT, LATENT, Z), noise, 981, 21);
    Conditioning condition = conditioning(2);
    Tensor predicted =
        unet.forward(
            Tensor.concat(3, noisy, condition.concat()), new long[] {981, 21}, condition.context());
    Tensor loss = predicted.meanSquaredError(noise);
    Map<String, Tensor> results = new LinkedHashMap<>();
    results.put("loss", loss.detached());
    Gradients gradients = Gradients.of(loss);
    gradients
        .named(unetParameters)
        .forEach((name, gradient) -> results.put("gradient in " + name, gradient));
    Ema average = new Ema(0.9, false, unetParameters);
    AdamW optimizer = new AdamW(AdamW.Settings.of(0.01), List.of(AdamW.Group.of(unetParameters)));
    optimizer.step(gradients, 1);
    average.update();
    unetParameters.forEach((name, weight) -> results.put(name, weight.detached()));
    average.shadows().forEach((name, shadow) -> results.put("average of " + name, shadow));
    return results;
  }

  /** A new view in five guided steps, noise added in each. */
  Map<String, Tensor> synthesis() {
    Conditioning condition = conditioning(1);
    DdimSchedule steps = DdimSchedule.of(schedule, DdimSchedule.Rule.REFERENCE, 5, 1);
    NoisePredictor guided = NoisePredictor.guided(unet, condition, condition.unconditional(), 2);
    Map<String, Tensor> results = new LinkedHashMap<>();
    Tensor z =
        new DdimSampler(steps)
            .sample(
                normal(7, 1, LATENT, LATENT, Z),
                guided,
                (k, _) -> normal(8 + k, 1, LATENT, LATENT, Z),
                (k, x, _) -> results.put("x after step " + k, x.detached()));
    results.put("view", autoencoder.decode(z.mul(1 / config.scaleFactor())).detached());
    return results;
  }
}
