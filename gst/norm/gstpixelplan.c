/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change while playing: a thread of its own reads the files and makes the whole plan, with a
 * normalizer for the caps that there are, while the old one goes on. The streaming thread takes it over
 * before a frame. Properties that change meanwhile, or caps, make the thread begin again; a plan for
 * caps that are gone is never taken.
 */
#include "gstpixelplan.h"

#include "gstpixelcaps.h"
#include "common/gstpixelerror.h"

static void
plan_clear (GstPixelPlan *plan)
{
  g_clear_object (&plan->settings);
  g_clear_pointer (&plan->inputs, pixelnorm_inputs_free);
  g_clear_pointer (&plan->ineffective, g_free);
  g_clear_pointer (&plan->floored, g_free);
  g_clear_object (&plan->normalizer);
  g_clear_object (&plan->denormalizer);
}

/* A copy that shares the profiles and the affine, without a normalizer. */
static GstPixelPlan
plan_copy (const GstPixelPlan *plan)
{
  return (GstPixelPlan){ pixelnorm_settings_copy (plan->settings),
    pixelnorm_inputs_copy (plan->inputs), g_strdup (plan->ineffective), g_strdup (plan->floored) };
}

static void
log_profile (
    GstPixelPlans *self, const gchar *what, const gchar *location, PixelnormProfile *profile)
{
  if (profile)
    GST_CAT_DEBUG_OBJECT (self->category, self->element,
        "%s loaded from %s: digest %s, %" G_GUINT64_FORMAT " frames", what,
        location ? location : "memory", pixelnorm_profile_get_identity (profile),
        pixelnorm_profile_get_frames (profile));
}

static gboolean
plan_load (GstPixelPlans *self, GstPixelPlan *plan, const GstPixelSettings *wanted, GError **error)
{
  plan->settings = pixelnorm_settings_copy (wanted->settings);
  plan->ineffective = gst_pixel_settings_find_ineffective (wanted);
  plan->inputs = gst_pixel_settings_load (wanted, error);
  if (!plan->inputs)
    return FALSE;
  if (!wanted->profile_optional) /* pixelnorm, whose numbers pixeldenorm only turns round */
    plan->floored = pixelnorm_inputs_describe_floor (plan->inputs, plan->settings);
  log_profile (self, "profile", wanted->location, plan->inputs->profile);
  log_profile (self, "dark profile", wanted->dark_location, plan->inputs->dark);
  if (plan->inputs->affine)
    GST_CAT_DEBUG_OBJECT (self->category, self->element, "gamma and beta loaded from %s: digest %s",
        wanted->affine_location, pixelnorm_learned_affine_get_identity (plan->inputs->affine));
  return TRUE;
}

static gboolean
plan_is_fitted (const GstPixelPlan *plan)
{
  return plan->normalizer != NULL || plan->denormalizer != NULL;
}

static gboolean
plan_fit_denormalizer (GstPixelPlan *plan, const GstPixelTarget *target, GError **error)
{
  PixelnormMethod method;

  g_object_get (plan->settings, "method", &method, NULL);
  plan->needs_values = pixelnorm_method_needs_profile (method)
      && !(plan->inputs->profile && pixelnorm_settings_need_profile (plan->settings));
  if (plan->needs_values)
    plan->denormalizer = pixelnorm_denormalizer_new_for_values (
        plan->settings, target->layout, target->output, error);
  else
    plan->denormalizer = pixelnorm_denormalizer_new (
        plan->settings, plan->inputs, target->layout, target->output, error);
  return plan->denormalizer != NULL;
}

static gboolean
plan_fit (GstPixelPlan *plan, const GstPixelTarget *target, GError **error)
{
  PixelnormStatisticsSource source;
  PixelnormScope scope;

  g_object_set (plan->settings, "layout", target->tensor_layout, NULL);
  g_object_get (plan->settings, "statistics", &source, "scope", &scope, NULL);
  plan->statistics = pixelnorm_statistics_source_get_flags (source, scope);
  if (target->denormalize)
    return plan_fit_denormalizer (plan, target, error);
  plan->normalizer = pixelnorm_normalizer_new (
      plan->settings, plan->inputs, target->layout, target->output, error);
  return plan->normalizer != NULL;
}

/* Whether both start from the same profile, or none. */
static gboolean
have_same_profile (const GstPixelPlan *plan, const GstPixelPlan *old)
{
  PixelnormProfile *a = plan->inputs->profile, *b = old->inputs->profile;

  if (!a || !b)
    return a == b;
  return a == b
      || g_str_equal (pixelnorm_profile_get_identity (a), pixelnorm_profile_get_identity (b));
}

/* Running statistics go on. Another profile begins them anew: that is what one sets it for. */
static void
plan_carry_over (GstPixelPlan *plan, const GstPixelPlan *old)
{
  if (old->normalizer && have_same_profile (plan, old))
    pixelnorm_normalizer_carry_over (plan->normalizer, old->normalizer);
}

void
gst_pixel_plans_init (GstPixelPlans *self, GstElement *element)
{
  self->element = element;
  gst_pixel_settings_init (&self->wanted);
}

void
gst_pixel_plans_clear (GstPixelPlans *self)
{
  gst_pixel_settings_clear (&self->wanted);
  g_clear_pointer (&self->target.layout, pixelnorm_layout_free);
}

gboolean
gst_pixel_plans_set (GstPixelPlans *self, guint id, const GValue *value, GParamSpec *spec)
{
  GST_OBJECT_LOCK (self->element);
  const gboolean known = gst_pixel_settings_set (&self->wanted, id, value, spec);
  self->changed |= known;
  GST_OBJECT_UNLOCK (self->element);
  return known;
}

gboolean
gst_pixel_plans_get (GstPixelPlans *self, guint id, GValue *value)
{
  GST_OBJECT_LOCK (self->element);
  const gboolean known = gst_pixel_settings_get (&self->wanted, id, value);
  if (G_VALUE_HOLDS (value, PIXELNORM_TYPE_PROFILE) && self->current.inputs
      && self->current.inputs->profile)
    g_value_set_object (value, self->current.inputs->profile); /* wherever it came from */
  GST_OBJECT_UNLOCK (self->element);
  return known;
}

gboolean
gst_pixel_plans_start (GstPixelPlans *self, GError **error)
{
  GstPixelPlan plan = { 0 };
  GstPixelSettings wanted;

  GST_OBJECT_LOCK (self->element);
  gst_pixel_settings_copy (&self->wanted, &wanted);
  self->changed = FALSE;
  GST_OBJECT_UNLOCK (self->element);
  const gboolean ok = plan_load (self, &plan, &wanted, error);
  gst_pixel_settings_clear (&wanted);
  if (!ok) {
    plan_clear (&plan);
    return FALSE;
  }
  GST_OBJECT_LOCK (self->element);
  self->current = plan;
  self->started = TRUE;
  self->n_runs++;
  GST_OBJECT_UNLOCK (self->element);
  return TRUE;
}

void
gst_pixel_plans_stop (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  GstPixelPlan current = self->current, next = self->next;
  self->current = self->next = (GstPixelPlan){ 0 };
  self->target.serial = 0;
  self->started = FALSE;
  GST_OBJECT_UNLOCK (self->element);
  plan_clear (&current);
  plan_clear (&next);
}

guint
gst_pixel_plans_tensor_layouts (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  const guint tensor_layouts = self->wanted.tensor_layouts;
  GST_OBJECT_UNLOCK (self->element);
  return tensor_layouts;
}

GstPixelColour
gst_pixel_plans_colour (GstPixelPlans *self)
{
  const GstPixelPlan *plan = &self->current;

  GST_OBJECT_LOCK (self->element);
  GstPixelColour colour = self->colour;
  if (plan->inputs && plan->inputs->profile && pixelnorm_settings_use_profile (plan->settings))
    colour.known = pixelnorm_profile_get_geometry (plan->inputs->profile)->channels;
  else if (plan->inputs && plan->inputs->affine
      && pixelnorm_learned_affine_get_n_channels (plan->inputs->affine) == 1)
    colour.known = "Y";
  GST_OBJECT_UNLOCK (self->element);
  return colour;
}

gboolean
gst_pixel_plans_geometry (GstPixelPlans *self, PixelnormGeometry *geometry)
{
  const GstPixelPlan *plan = &self->current;
  PixelnormScope scope;

  GST_OBJECT_LOCK (self->element);
  const gboolean needed =
      plan->inputs && plan->inputs->profile && pixelnorm_settings_use_profile (plan->settings);
  if (needed) {
    *geometry = *pixelnorm_profile_get_geometry (plan->inputs->profile);
    g_object_get (plan->settings, "scope", &scope, NULL);
    if (scope != PIXELNORM_SCOPE_PIXEL)
      geometry->width = geometry->height = 0;
  }
  GST_OBJECT_UNLOCK (self->element);
  return needed;
}

void
gst_pixel_plans_affine_size (GstPixelPlans *self, guint *width, guint *height, guint *n_channels)
{
  PixelnormLearnedAffine *affine;

  GST_OBJECT_LOCK (self->element);
  affine = self->current.inputs ? self->current.inputs->affine : NULL;
  *width = affine ? pixelnorm_learned_affine_get_width (affine) : 0;
  *height = affine ? pixelnorm_learned_affine_get_height (affine) : 0;
  *n_channels = affine ? pixelnorm_learned_affine_get_n_channels (affine) : 0;
  GST_OBJECT_UNLOCK (self->element);
}

gboolean
gst_pixel_plans_fit (
    GstPixelPlans *self, const PixelnormLayout *layout, const GstCaps *outcaps, GError **error)
{
  GstPixelTarget target = { .layout = (PixelnormLayout *) layout };

  gst_pixel_caps_parse (outcaps, layout, gst_pixel_plans_tensor_layouts (self), &target.output,
      &target.tensor_layout);
  return gst_pixel_plans_fit_target (self, &target, error);
}

/* Needs the lock. Puts a plan that was fitted to @target into use, unless a change was taken since there were
 * @n_taken of them: it would be lost. What is replaced goes to @plan, @outdated and @target's layout. */
static gboolean
put_into_use (GstPixelPlans *self, GstPixelPlan *plan, GstPixelPlan *outdated,
    GstPixelTarget *target, guint n_taken)
{
  const GstPixelPlan old = self->current;
  PixelnormLayout *old_layout = self->target.layout;

  if (self->n_taken != n_taken)
    return FALSE;
  *outdated = self->next;
  self->current = *plan;
  self->next = (GstPixelPlan){ 0 };
  self->target = *target;
  *plan = old;
  target->layout = old_layout;
  return TRUE;
}

gboolean
gst_pixel_plans_fit_target (GstPixelPlans *self, const GstPixelTarget *wanted, GError **error)
{
  GstPixelTarget target = *wanted;
  gboolean used = FALSE;

  target.layout = pixelnorm_layout_copy (wanted->layout);
  while (!used) {
    GstPixelPlan outdated = { 0 };

    GST_OBJECT_LOCK (self->element);
    GstPixelPlan plan = plan_copy (plan_is_fitted (&self->next) ? &self->next : &self->current);
    const guint n_taken = self->n_taken;
    target.serial = ++self->n_targets;
    GST_OBJECT_UNLOCK (self->element);

    if (!plan_fit (&plan, &target, error)) {
      plan_clear (&plan);
      break;
    }
    GST_OBJECT_LOCK (self->element);
    used = put_into_use (self, &plan, &outdated, &target, n_taken);
    GST_OBJECT_UNLOCK (self->element);
    if (used) {
      GST_CAT_DEBUG_OBJECT (
          self->category, self->element, "plan %u made for these caps", self->target.serial);
      plan_carry_over (&self->current, &plan);
    }
    plan_clear (&plan);
    plan_clear (&outdated);
  }
  pixelnorm_layout_free (target.layout);
  return used;
}

gboolean
gst_pixel_plans_apply (GstPixelPlans *self)
{
  GstPixelPlan old = { 0 };

  GST_OBJECT_LOCK (self->element);
  const gboolean applied = plan_is_fitted (&self->next);
  if (applied) {
    old = self->current;
    self->current = self->next;
    self->next = (GstPixelPlan){ 0 };
  }
  GST_OBJECT_UNLOCK (self->element);
  if (applied) {
    GST_CAT_DEBUG_OBJECT (self->category, self->element, "plan made while playing is applied");
    plan_carry_over (&self->current, &old);
  }
  plan_clear (&old);
  return applied;
}

/* Needs the lock. Whether a plan that was made in run @run for @target still is what is wanted; then it
 * is taken, and @plan becomes what it replaces. */
static gboolean
take_over (GstPixelPlans *self, GstPixelPlan *plan, const GstPixelTarget *target, guint run)
{
  GstPixelPlan *place = target->serial ? &self->next : &self->current;
  const GstPixelPlan old = *place;

  if (self->load_again || target->serial != self->target.serial || run != self->n_runs)
    return FALSE;
  *place = *plan;
  *plan = old;
  self->n_taken++;
  return TRUE;
}

/* Makes a plan of what is wanted now. Returns whether that was all; else it must be done again. */
static gboolean
load_once (GstPixelPlans *self)
{
  g_autoptr (GError) error = NULL;
  GstPixelPlan plan = { 0 };
  GstPixelSettings wanted;

  GST_OBJECT_LOCK (self->element);
  self->load_again = FALSE;
  const guint run = self->n_runs;
  GstPixelTarget target = self->target;
  g_autoptr (PixelnormLayout) layout = target.layout ? pixelnorm_layout_copy (target.layout) : NULL;
  target.layout = layout;
  gst_pixel_settings_copy (&self->wanted, &wanted);
  GST_OBJECT_UNLOCK (self->element);

  const gboolean made = plan_load (self, &plan, &wanted, &error)
      && (target.serial == 0 || plan_fit (&plan, &target, &error));
  GST_OBJECT_LOCK (self->element);
  const gboolean done =
      !self->started || (made ? take_over (self, &plan, &target, run) : !self->load_again);
  const gboolean tell = done && self->started && !made;
  if (done)
    self->is_loading = FALSE;
  GST_OBJECT_UNLOCK (self->element);
  GST_CAT_DEBUG_OBJECT (self->category, self->element, "plan %s while playing%s%s",
      made ? "made" : "not made", done ? "" : ", outdated already: again",
      made ? "" : error->message);
  plan_clear (&plan);
  gst_pixel_settings_clear (&wanted);
  if (tell)
    gst_pixel_error_post (self->element, GST_MESSAGE_WARNING, error,
        "changing the plan; what was in use before goes on");
  return done;
}

static void
load_next (GstElement *element, gpointer plans)
{
  while (!load_once (plans))
    ;
}

void
gst_pixel_plans_look_at_changes (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  const gboolean begin = self->changed && self->started && !self->is_loading;
  if (self->changed && self->is_loading)
    self->load_again = TRUE;
  self->changed = FALSE;
  if (begin)
    self->is_loading = TRUE;
  GST_OBJECT_UNLOCK (self->element);
  /* the thread keeps the element, and so the plans in it */
  if (begin)
    gst_element_call_async (self->element, load_next, self, NULL);
}
