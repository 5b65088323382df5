package dev.azimuth.kernels.emulator;

import dev.azimuth.kernels.Dim3;
import java.util.ArrayList;
import java.util.List;

/** A block of threads: its warps, which take turns between barriers, and their shared memory. */
final class Block {
  final Program program;
  final Region shared;
  final SharedShadow shadow;
  final DeviceMemory memory;
  final Counters counters;
  final byte[] params;

  private final Findings findings;
  private final Dim3 grid;
  private final Dim3 threads;
  private final List<Warp> warps = new ArrayList<>();
  private int x;
  private int y;
  private int z;

  Block(Launch launch) {
    program = launch.program();
    memory = launch.memory();
    findings = launch.findings();
    counters = new Counters(program);
    params = launch.params();
    grid = launch.grid();
    threads = launch.block();
    shared = program.shared().region(launch.sharedBytes());
    shadow = new SharedShadow(shared.size, program.shared().pieceBytes());
    for (int i = 0; i < Math.ceilDiv((int) threads.size(), Warp.LANES); i++) {
      warps.add(new Warp(this, i, threads, grid));
    }
  }

  /** Runs the block at this place of the grid. */
  void run(long index) {
    x = (int) (index % grid.x());
    y = (int) (index / grid.x() % grid.y());
    z = (int) (index / grid.x() / grid.y());
    program.shared().poison(shared);
    shadow.barrier();
    shadow.forgetCopies();
    for (Warp warp : warps) {
      warp.start(x, y, z);
    }
    boolean running = true;
    while (running) {
      running = false;
      Warp first = null;
      // The last warp first: a kernel that relies on the usual order is found out.
      for (Warp warp : warps.reversed()) {
        warp.run();
        if (warp.waiting()) {
          running = true;
          if (first == null) {
            first = warp;
          } else if (first.pc() != warp.pc()) {
            warp.report(
                Finding.Kind.DIVERGENT_BARRIER,
                warp.firstLane(),
                "waits at another barrier than " + first.threadName(first.firstLane()));
          }
        }
      }
      shadow.barrier();
      warps.forEach(Warp::pass);
    }
  }

  void report(Finding.Kind kind, int pc, int thread, String what) {
    PtxInstruction instruction = program.instruction(pc);
    findings.add(
        new Finding(
            kind,
            program.kernel().name(),
            instruction + " " + what,
            instruction.line(),
            instruction.source(),
            "block (%d, %d, %d), %s".formatted(x, y, z, threadName(thread))));
  }

  String threadName(int thread) {
    int tx = thread % threads.x();
    int ty = thread / threads.x() % threads.y();
    int tz = thread / threads.x() / threads.y();
    return "thread (%d, %d, %d)".formatted(tx, ty, tz);
  }
}
