package dev.azimuth.app.replay;

import static dev.azimuth.app.replay.OpKinds.toChannelsFirst;
import static dev.azimuth.app.replay.OpKinds.toChannelsLast;

import dev.azimuth.diffusion.Conditioning;
import dev.azimuth.diffusion.DdimSampler;
import dev.azimuth.diffusion.DdimSchedule;
import dev.azimuth.diffusion.NoisePredictor;
import dev.azimuth.diffusion.NoiseSchedule;
import dev.azimuth.diffusion.UNet;
import dev.azimuth.nn.Linear;
import dev.azimuth.tensor.Shape;
import dev.azimuth.tensor.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntToDoubleFunction;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** The kinds of noise, sampling and the loss. */
final class DiffusionKinds {
  private DiffusionKinds() {}

  private static NoiseSchedule schedule(Replay r) {
    ReplayConfig config = r.config().object("schedule");
    return new NoiseSchedule(
        new NoiseSchedule.Config(
            config.integer("timesteps"),
            config.number("linear_start"),
            config.number("linear_end")));
  }

  static Map<String, Tensor> scheduleOrSubset(Replay r) {
    return r.config().has("S") ? ddimSchedule(r) : noiseSchedule(r);
  }

  private static Map<String, Tensor> noiseSchedule(Replay r) {
    NoiseSchedule s = schedule(r);
    IntToDoubleFunction previous = s::alphasCumprodPrevious;
    IntToDoubleFunction all = s::alphasCumprodExact;
    IntToDoubleFunction rest = t -> 1 - s.alphasCumprodExact(t);
    Map<String, IntToDoubleFunction> buffers = new LinkedHashMap<>();
    buffers.put("betas", s::beta);
    buffers.put("alphas_cumprod", s::alphasCumprod);
    buffers.put("alphas_cumprod_prev", previous);
    buffers.put("sqrt_alphas_cumprod", t -> Math.sqrt(all.applyAsDouble(t)));
    buffers.put("sqrt_one_minus_alphas_cumprod", t -> Math.sqrt(rest.applyAsDouble(t)));
    buffers.put("log_one_minus_alphas_cumprod", t -> Math.log(rest.applyAsDouble(t)));
    buffers.put("sqrt_recip_alphas_cumprod", t -> Math.sqrt(1 / all.applyAsDouble(t)));
    buffers.put("sqrt_recipm1_alphas_cumprod", t -> Math.sqrt(1 / all.applyAsDouble(t) - 1));
    buffers.put("posterior_variance", s::posteriorVariance);
    buffers.put(
        "posterior_log_variance_clipped", t -> Math.log(Math.max(s.posteriorVariance(t), 1e-20)));
    buffers.put(
        "posterior_mean_coef1",
        t -> s.beta(t) * Math.sqrt(previous.applyAsDouble(t)) / rest.applyAsDouble(t));
    buffers.put(
        "posterior_mean_coef2",
        t -> (1 - previous.applyAsDouble(t)) * Math.sqrt(1 - s.beta(t)) / rest.applyAsDouble(t));
    buffers.put("lvlb_weights", s::variationalWeight);
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    buffers.forEach((name, buffer) -> outputs.put(name, vector(r, s.timesteps(), buffer)));
    return outputs;
  }

  private static Map<String, Tensor> ddimSchedule(Replay r) {
    List<DdimSchedule.Step> steps =
        DdimSchedule.all(
            schedule(r),
            DdimSchedule.Rule.REFERENCE,
            r.config().integer("S"),
            r.config().number("eta"));
    Map<String, ToDoubleFunction<DdimSchedule.Step>> columns = new LinkedHashMap<>();
    columns.put("ddim_timesteps", DdimSchedule.Step::timestep);
    columns.put("ddim_alphas", DdimSchedule.Step::alpha);
    columns.put("ddim_alphas_prev", DdimSchedule.Step::alphaPrevious);
    columns.put("ddim_sigmas", DdimSchedule.Step::sigma);
    columns.put("ddim_sqrt_one_minus_alphas", step -> Math.sqrt(1 - step.alpha()));
    Map<String, Tensor> outputs = new LinkedHashMap<>();
    columns.forEach(
        (name, column) ->
            outputs.put(name, vector(r, steps.size(), i -> column.applyAsDouble(steps.get(i)))));
    return outputs;
  }

  private static Tensor vector(Replay r, int size, IntToDoubleFunction values) {
    float[] floats = new float[size];
    for (int i = 0; i < size; i++) {
      floats[i] = (float) values.applyAsDouble(i);
    }
    return Tensor.of(r.backend(), Shape.of(size), floats);
  }

  static Map<String, Tensor> qSample(Replay r) {
    Tensor noisy =
        schedule(r)
            .addNoise(
                toChannelsLast(r.input("x_start")),
                toChannelsLast(r.input("noise")),
                r.integers("t"));
    return Map.of("x_t", toChannelsFirst(noisy));
  }

  static Map<String, Tensor> ddim(Replay r) {
    UNet unet =
        new UNet(
            r.parameters().at("model").at("diffusion_model"),
            NetworkKinds.unetConfig(r.config().object("unet")));
    Conditioning with = conditioning(r, "c_crossattn", "c_concat");
    Conditioning without =
        r.hasInput("uc_concat") ? conditioning(r, "uc_crossattn", "uc_concat") : with;
    DdimSchedule steps =
        DdimSchedule.of(
            schedule(r),
            DdimSchedule.Rule.REFERENCE,
            r.config().integer("S"),
            r.config().number("eta"));
    List<Tensor> xs = new ArrayList<>();
    List<Tensor> starts = new ArrayList<>();
    Tensor samples =
        new DdimSampler(steps)
            .sample(
                toChannelsLast(r.input("x_T")),
                NoisePredictor.guided(unet, with, without, r.config().number("scale")),
                (k, x) -> toChannelsLast(step(r.input("noise"), k)),
                (_, x, start) -> {
                  xs.add(asStep(x));
                  starts.add(asStep(start));
                });
    return Map.of(
        "timesteps",
        vector(r, steps.steps().size(), i -> steps.steps().get(i).timestep()),
        "x",
        Tensor.concat(0, xs.toArray(Tensor[]::new)),
        "pred_x0",
        Tensor.concat(0, starts.toArray(Tensor[]::new)),
        "samples",
        toChannelsFirst(samples));
  }

  private static Conditioning conditioning(Replay r, String context, String concat) {
    return new Conditioning(r.context(context), toChannelsLast(r.input(concat)));
  }

  /** Step k of [steps, N, C, H, W]. */
  private static Tensor step(Tensor all, int k) {
    int[] dims = all.shape().toArray();
    return all.slice(0, k, k + 1)
        .reshape(IntStream.range(1, dims.length).map(i -> dims[i]).toArray());
  }

  /** [N, H, W, C] to [1, N, C, H, W]. */
  private static Tensor asStep(Tensor x) {
    Tensor first = toChannelsFirst(x);
    return first.reshape(
        IntStream.concat(IntStream.of(1), IntStream.of(first.shape().toArray())).toArray());
  }

  static Map<String, Tensor> trainingLoss(Replay r) {
    UNet unet =
        new UNet(
            r.parameters().at("model").at("diffusion_model"),
            NetworkKinds.unetConfig(r.config().object("unet")));
    NoiseSchedule schedule = schedule(r);
    Tensor noise = toChannelsLast(r.input("noise"));
    Tensor noisy = schedule.addNoise(toChannelsLast(r.input("x_start")), noise, r.integers("t"));
    Tensor input = Tensor.concat(3, noisy, toChannelsLast(r.input("c_concat")));
    Tensor e = unet.forward(input, r.longs("t"), r.context(crossAttentionTokens(r)));
    Tensor perSample = e.sub(noise).square().mean(1, 2, 3);
    Tensor weights =
        vector(r, r.integers("t").length, n -> schedule.variationalWeight(r.integers("t")[n]));
    return Map.of(
        "loss", e.meanSquaredError(noise), "loss_vlb", perSample.detached().mul(weights).mean());
  }

  private static Tensor crossAttentionTokens(Replay r) {
    if (r.hasInput("c_crossattn")) {
      return r.input("c_crossattn");
    }
    ReplayConfig config = r.config().object("cc_projection");
    Tensor pose = r.input("T");
    pose = pose.reshape(pose.shape().dim(0), 1, pose.shape().dim(1));
    Tensor both = Tensor.concat(2, r.input("clip_embedding"), pose);
    int in = config.integer("embed_dim") + config.integer("pose_dim");
    return Linear.of(r.parameters().at("cc_projection"), in, config.integer("out_dim"))
        .forward(both);
  }
}
