/**
 * From meshes to views on disk and back: {@link dev.azimuth.views.Camera} and {@link
 * dev.azimuth.views.RelativePose}, readers for OBJ, GLB and Sweet Home 3D libraries, the {@link
 * dev.azimuth.views.RayTracer}, and data sets in the published layout.
 */
@NullMarked
package dev.azimuth.views;

import org.jspecify.annotations.NullMarked;
