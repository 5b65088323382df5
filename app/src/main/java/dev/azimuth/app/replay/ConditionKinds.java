package dev.azimuth.app.replay;

import static dev.azimuth.app.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.app.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.AutoencoderConfig;
import dev.azimuth.diffusion.AutoencoderKl;
import dev.azimuth.diffusion.ClipVision;
import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.ViewEncoder;
import dev.azimuth.diffusion.Zero123Conditioner;
import dev.azimuth.nn.Parameters;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import dev.azimuth.views.Camera;
import dev.azimuth.views.RelativePose;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/** The kind of all that conditions Zero-1-to-3, from image and camera. */
final class ConditionKinds {
  private static final String FIRST_STAGE = "first_stage_model";
  private static final String PROJECTION = "cc_projection";

  private ConditionKinds() {}

  static Map<String, Tensor> zero123Condition(Replay r) {
    return switch (r.config().text("mode")) {
      case "inference" -> atInference(r);
      case "train" -> inTraining(r);
      default -> throw new IllegalArgumentException("config: no mode " + r.config().text("mode"));
    };
  }

  /** The networks of a record, which holds no decoder. */
  private record Networks(AutoencoderKl autoencoder, Zero123Conditioner conditioner) {
    static Networks of(Replay r) {
      ReplayConfig c = r.config();
      AutoencoderConfig config = NetworkKinds.autoencoderConfig(c.object("vae"));
      Parameters p = r.parametersBeside(decoder(config));
      AutoencoderKl autoencoder = new AutoencoderKl(p.at(FIRST_STAGE), config);
      ClipVision clip =
          new ClipVision(
              p.at("cond_stage_model").at("model").at("visual"),
              NetworkKinds.clipConfig(c.object("clip")));
      Zero123Conditioner conditioner =
          new Zero123Conditioner(
              p.at(PROJECTION),
              new ViewEncoder(autoencoder, clip, NetworkKinds.clipPreprocess(c, "clip_")),
              c.object(PROJECTION).integer("out_dim"));
      return new Networks(autoencoder, conditioner);
    }

    private static Map<String, Shape> decoder(AutoencoderConfig config) {
      Parameters outline = Parameters.outlined();
      new AutoencoderKl(outline.at(FIRST_STAGE), config);
      Map<String, Shape> decoder = new LinkedHashMap<>(outline.shapes());
      decoder
          .keySet()
          .removeIf(
              name ->
                  !name.startsWith(FIRST_STAGE + ".decoder.")
                      && !name.startsWith(FIRST_STAGE + ".post_quant_conv."));
      return decoder;
    }
  }

  private static Map<String, Tensor> atInference(Replay r) {
    Zero123Conditioner conditioner = Networks.of(r).conditioner;
    ReplayConfig c = r.config();
    // the demo's x is a polar angle, which grows downwards; ours is an elevation
    float[] move = RelativePose.ofDegrees(-c.number("x"), c.number("y"), c.number("z")).toVector();
    Tensor pose = Tensor.of(r.backend(), Shape.of(1, move.length), move);
    Tensor image = toChannelsLast(r.input("image"));
    Shape expected = Shape.of(1, c.integer("h"), c.integer("w"), 3);
    if (!image.shape().equals(expected)) {
      throw new IllegalArgumentException(
          "config: h and w must be the image's; got " + expected + ", " + image.shape());
    }
    Tensor embedding = conditioner.embed(image);
    Conditioning one = conditioner.condition(image, pose);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    outputs.put("T", pose.reshape(-1));
    outputs.put("clip_embedding", embedding.reshape(1, 1, -1));
    put(outputs, "c", one, c.integer("n_samples"));
    if (c.number("scale") != 1) {
      put(outputs, "uc", one.unconditional(), c.integer("n_samples"));
    }
    return outputs;
  }

  private static void put(
      Map<String, Tensor> outputs, String prefix, Conditioning one, int samples) {
    outputs.put(prefix + "_crossattn", repeated(one.context().tokens(), samples));
    outputs.put(prefix + "_concat", repeated(toChannelsFirst(one.concat()), samples));
  }

  /** [1, ...] to [samples, ...]. */
  private static Tensor repeated(Tensor one, int samples) {
    return one.expand(one.shape().with(0, samples).toArray());
  }

  private static Map<String, Tensor> inTraining(Replay r) {
    Networks networks = Networks.of(r);
    Tensor random = r.input("random");
    int n = random.shape().dim(0);
    Tensor poses = poses(r, n);
    Tensor condition = r.input("image_cond");
    // the reference compares draws and thresholds in float32
    float once = (float) r.config().number("uncond");
    float twice = (float) (2 * r.config().number("uncond"));
    float thrice = (float) (3 * r.config().number("uncond"));
    // only the projection learns
    Tensor embedding =
        networks.conditioner.embed(condition).detached().mul(kept(random, u -> u >= twice, n, 1));
    Tensor concat =
        networks
            .autoencoder
            .encode(condition)
            .mean()
            .detached()
            .mul(kept(random, u -> u < once || u >= thrice, n, 1, 1, 1));
    AutoencoderKl.Posterior target = networks.autoencoder.encode(r.input("image_target"));
    Tensor z = target.sample(toChannelsLast(r.input("posterior_noise"))).detached();
    return Map.of(
        "T", poses,
        "z", toChannelsFirst(z.mul(r.config().number("scale_factor"))),
        "c_crossattn", networks.conditioner.token(embedding, poses).tokens(),
        "c_concat", toChannelsFirst(concat));
  }

  /** 1 for the samples that keep a condition, else 0. */
  private static Tensor kept(Tensor random, Predicate<Float> keeps, int... dims) {
    float[] u = random.toFloats();
    float[] kept = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      kept[i] = keeps.test(u[i]) ? 1 : 0;
    }
    return Tensor.of(random.backend(), Shape.of(dims), kept);
  }

  private static Tensor poses(Replay r, int n) {
    double[] condition = r.input("cond_RT").toDoubles();
    double[] target = r.input("target_RT").toDoubles();
    float[] poses = new float[4 * n];
    for (int i = 0; i < n; i++) {
      RelativePose pose = RelativePose.between(camera(condition, i), camera(target, i));
      System.arraycopy(pose.toVector(), 0, poses, 4 * i, 4);
    }
    return Tensor.of(r.backend(), Shape.of(n, 4), poses);
  }

  private static Camera camera(double[] matrices, int i) {
    return Camera.of(
        Arrays.copyOfRange(matrices, 12 * i, 12 * (i + 1)), Camera.PUBLISHED_FIELD_OF_VIEW);
  }
}
