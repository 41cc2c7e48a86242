/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A change while playing: a thread of its own reads the files and makes the whole plan, with a
 * normalizer for the caps that there are, while the old one goes on. The streaming thread takes it over
 * before a frame. Properties that change meanwhile, or caps, make the thread begin again; a plan for
 * caps that are gone is never taken.
 *
 * A change is all that was set together. All changes that are in no plan yet are tried at once, on top of the
 * newest plan, and where that fails each alone, so that one that cannot be, as a file that is not there, keeps no
 * other one back. A file is read when its property is set, not with every other change.
 */
#include "gstpixelplan.h"

#include <string.h>

#include "gstpixelcaps.h"
#include "common/gstpixelerror.h"
#include "common/gstpixelproperty.h"

static void
plan_clear (GstPixelPlan *plan)
{
  gst_pixel_settings_clear (&plan->made_of);
  g_clear_object (&plan->settings);
  g_clear_pointer (&plan->inputs, pixelnorm_inputs_free);
  g_clear_pointer (&plan->ineffective, g_free);
  g_clear_object (&plan->normalizer);
  g_clear_object (&plan->denormalizer);
}

/* A copy that shares the profiles and the affine, without a normalizer. */
static GstPixelPlan
plan_copy (const GstPixelPlan *plan)
{
  GstPixelPlan copy = { .settings = pixelnorm_settings_copy (plan->settings),
    .inputs = pixelnorm_inputs_copy (plan->inputs),
    .ineffective = g_strdup (plan->ineffective) };

  gst_pixel_settings_copy (&plan->made_of, &copy.made_of);
  return copy;
}

static void
log_profile (
    GstPixelPlans *self, const gchar *what, const gchar *location, PixelnormProfile *profile)
{
  if (profile)
    GST_CAT_DEBUG_OBJECT (self->category, self->element,
        "%s of %s: digest %s, %" G_GUINT64_FORMAT " frames", what, location ? location : "memory",
        pixelnorm_profile_get_identity (profile), pixelnorm_profile_get_frames (profile));
}

/* Takes @made_of. @known: what was loaded of it but for @properties, or NULL. */
static gboolean
plan_load (GstPixelPlans *self, GstPixelPlan *plan, GstPixelSettings *made_of,
    const PixelnormInputs *known, guint64 properties, GError **error)
{
  plan->made_of = *made_of;
  *made_of = (GstPixelSettings){ 0 };
  plan->settings = pixelnorm_settings_copy (plan->made_of.settings);
  plan->ineffective = gst_pixel_settings_find_ineffective (&plan->made_of);
  plan->inputs = gst_pixel_settings_load (&plan->made_of, known, properties, error);
  if (!plan->inputs)
    return FALSE;
  log_profile (self, "profile", plan->made_of.location, plan->inputs->profile);
  log_profile (self, "dark profile", plan->made_of.dark_location, plan->inputs->dark);
  if (plan->inputs->affine)
    GST_CAT_DEBUG_OBJECT (self->category, self->element, "gamma and beta of %s: digest %s",
        plan->made_of.affine_location,
        pixelnorm_learned_affine_get_identity (plan->inputs->affine));
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
  if (known && spec->flags & GST_PARAM_MUTABLE_PLAYING)
    self->touched |= G_GUINT64_CONSTANT (1) << id;
  GST_OBJECT_UNLOCK (self->element);
  return known;
}

gboolean
gst_pixel_plans_get_in_use (GstPixelPlans *self, guint id, GValue *value)
{
  GST_OBJECT_LOCK (self->element);
  const gboolean known =
      self->started && gst_pixel_settings_get (&self->current.made_of, id, value);
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

guint
gst_pixel_plans_tensor_layouts (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  const guint layouts =
      self->started ? self->current.made_of.tensor_layouts : self->wanted.tensor_layouts;
  GST_OBJECT_UNLOCK (self->element);
  return layouts;
}

GstPixelColour
gst_pixel_plans_colour (GstPixelPlans *self)
{
  const GstPixelPlan *plan = &self->current;

  GST_OBJECT_LOCK (self->element);
  GstPixelColour colour = self->started ? self->used_colour : self->colour;
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

/* What plans are made of: copied under the lock, to work with without it. */
typedef struct {
  guint run;
  GstPixelTarget target; /* with a layout of its own */
  GstPixelPlan base;     /* the newest plan, at first without a normalizer */
  GstPixelSettings wanted;
  GstPixelChanges changes;                   /* that were not in it */
  gboolean is_in[GST_PIXEL_SETTINGS_MAX_ID]; /* whether each is now */
  GError *errors[GST_PIXEL_SETTINGS_MAX_ID]; /* or why not */
} Workshop;

/* Needs the lock. */
static void
workshop_open (Workshop *self, const GstPixelPlans *plans, const GstPixelTarget *target)
{
  *self = (Workshop){ .run = plans->n_runs, .target = *target };
  if (target->layout)
    self->target.layout = pixelnorm_layout_copy (target->layout);
  if (!plans->started)
    return;
  self->base = plan_copy (plan_is_fitted (&plans->next) ? &plans->next : &plans->current);
  gst_pixel_settings_copy (&plans->wanted, &self->wanted);
  self->changes = plans->changes;
}

static void
workshop_close (Workshop *self)
{
  g_clear_pointer (&self->target.layout, pixelnorm_layout_free);
  plan_clear (&self->base);
  gst_pixel_settings_clear (&self->wanted);
  for (guint i = 0; i < G_N_ELEMENTS (self->errors); i++)
    g_clear_error (&self->errors[i]);
}

/* Makes a plan of the base and what is wanted of @properties; it becomes the base. */
static gboolean
workshop_make (Workshop *self, GstPixelPlans *plans, guint64 properties, GError **error)
{
  GstPixelSettings made_of;
  GstPixelPlan plan = { 0 };

  gst_pixel_settings_copy (&self->base.made_of, &made_of);
  gst_pixel_settings_take (&made_of, &self->wanted, properties);
  if (!plan_load (plans, &plan, &made_of, self->base.inputs, properties, error)
      || (self->target.serial > 0 && !plan_fit (&plan, &self->target, error))) {
    plan_clear (&plan);
    return FALSE;
  }
  plan_clear (&self->base);
  self->base = plan;
  return TRUE;
}

/* Each change alone, in the order in which they came, and once more after one that could be: another may have
 * waited for it. Returns whether one could. */
static gboolean
workshop_make_each (Workshop *self, GstPixelPlans *plans)
{
  gboolean made = FALSE, again = TRUE;

  while (again) {
    again = FALSE;
    for (guint i = 0; i < self->changes.n; i++) {
      if (self->is_in[i])
        continue;
      g_clear_error (&self->errors[i]);
      self->is_in[i] =
          workshop_make (self, plans, self->changes.items[i].properties, &self->errors[i]);
      again |= self->is_in[i];
    }
    made |= again;
  }
  return made;
}

/* As much of the changes as can be. Returns whether the base is another plan now. */
static gboolean
workshop_make_changes (Workshop *self, GstPixelPlans *plans)
{
  guint64 all = 0;

  for (guint i = 0; i < self->changes.n; i++)
    all |= self->changes.items[i].properties;
  if (all == 0)
    return FALSE;
  if (!workshop_make (self, plans, all, &self->errors[0]))
    return self->changes.n > 1 && workshop_make_each (self, plans);
  for (guint i = 0; i < self->changes.n; i++)
    self->is_in[i] = TRUE;
  return TRUE;
}

/* Needs the lock. The change @serial, if nothing of it was set again since. */
static GstPixelChange *
find_change (GstPixelPlans *self, guint serial)
{
  for (guint i = 0; i < self->changes.n; i++)
    if (self->changes.items[i].serial == serial)
      return &self->changes.items[i];
  return NULL;
}

/* Needs the lock. */
static void
remove_change (GstPixelPlans *self, GstPixelChange *change)
{
  const guint i = (guint) (change - self->changes.items);

  memmove (change, change + 1, (--self->changes.n - i) * sizeof *change);
}

/* Needs the lock. What was set together; what was set before of the same properties is forgotten. */
static void
add_change (GstPixelPlans *self, guint64 properties)
{
  for (guint i = self->changes.n; i-- > 0;) {
    GstPixelChange *change = &self->changes.items[i];

    if (!(change->properties & properties))
      continue;
    change->properties &= ~properties;
    change->serial = ++self->n_changes;
    if (change->properties == 0)
      remove_change (self, change);
  }
  self->changes.items[self->changes.n++] = (GstPixelChange){ properties, ++self->n_changes };
}

/* Needs the lock. Those of the workshop's changes that are in its plan wait no longer. */
static void
forget_made (GstPixelPlans *self, const Workshop *shop)
{
  for (guint i = 0; i < shop->changes.n; i++) {
    GstPixelChange *change = find_change (self, shop->changes.items[i].serial);

    if (change && shop->is_in[i])
      remove_change (self, change);
  }
}

/* Needs the lock. Errors stay for those alone of which somebody must be told. */
static void
forget_told (GstPixelPlans *self, Workshop *shop)
{
  for (guint i = 0; i < shop->changes.n; i++) {
    GstPixelChange *change = find_change (self, shop->changes.items[i].serial);

    if (!change || change->is_told || shop->is_in[i])
      g_clear_error (&shop->errors[i]);
    else
      change->is_told = TRUE;
  }
}

static void
tell (GstPixelPlans *self, const Workshop *shop)
{
  for (guint i = 0; i < shop->changes.n; i++) {
    if (!shop->errors[i])
      continue;
    g_autofree gchar *names = gst_pixel_settings_name (shop->changes.items[i].properties);
    g_autofree gchar *context = g_strdup_printf (GST_PIXEL_PROPERTY_NOT_CHANGED, names);

    gst_pixel_error_post (self->element, GST_MESSAGE_WARNING, shop->errors[i], context);
  }
}

/* Needs the lock. Puts the plan in the workshop, which is fitted to its target, into use, unless a change was taken
 * since there were @n_taken of them: it would be lost. What is replaced goes to the workshop and to
 * @outdated. */
static gboolean
put_into_use (GstPixelPlans *self, Workshop *shop, GstPixelPlan *outdated, guint n_taken)
{
  const GstPixelPlan old = self->current;
  PixelnormLayout *old_layout = self->target.layout;

  if (self->n_taken != n_taken)
    return FALSE;
  *outdated = self->next;
  self->current = shop->base;
  self->next = (GstPixelPlan){ 0 };
  self->target = shop->target;
  shop->base = old;
  shop->target.layout = old_layout;
  forget_made (self, shop);
  return TRUE;
}

/* Needs the lock. Whether a plan that was made in the run and for the target of the workshop still is what is
 * wanted; then it is taken, and what it replaces goes there. */
static gboolean
take_over (GstPixelPlans *self, Workshop *shop, gboolean made)
{
  GstPixelPlan *place = shop->target.serial ? &self->next : &self->current;
  const GstPixelPlan old = *place;

  if (!self->started || shop->run != self->n_runs || shop->target.serial != self->target.serial)
    return FALSE;
  if (made) {
    *place = shop->base;
    shop->base = old;
    self->n_taken++;
    forget_made (self, shop);
  }
  forget_told (self, shop);
  return TRUE;
}

/* Makes a plan of what is wanted now. Returns whether that was all; else it must be done again. */
static gboolean
load_once (GstPixelPlans *self)
{
  Workshop shop;

  GST_OBJECT_LOCK (self->element);
  workshop_open (&shop, self, &self->target);
  const guint n_changes = self->n_changes;
  GST_OBJECT_UNLOCK (self->element);

  const gboolean made = workshop_make_changes (&shop, self);
  GST_OBJECT_LOCK (self->element);
  const gboolean taken = take_over (self, &shop, made);
  const gboolean done = !self->started || (taken && n_changes == self->n_changes);
  if (done)
    self->is_loading = FALSE;
  GST_OBJECT_UNLOCK (self->element);
  GST_CAT_DEBUG_OBJECT (self->category, self->element, "plan %s while playing%s%s",
      made ? "made" : "not made", taken ? "" : ", outdated already", done ? "" : ": again");
  if (taken)
    tell (self, &shop);
  workshop_close (&shop);
  return done;
}

static void
load_next (GstElement *element, gpointer plans)
{
  while (!load_once (plans))
    ;
}

/* Needs the lock. Whether load_changes() is to be called, without it. */
static gboolean
must_load (GstPixelPlans *self)
{
  if (!self->started || self->is_loading || self->changes.n == 0)
    return FALSE;
  self->is_loading = TRUE;
  return TRUE;
}

/* The thread keeps the element, and so the plans in it. */
static void
load_changes (GstPixelPlans *self)
{
  gst_element_call_async (self->element, load_next, self, NULL);
}

void
gst_pixel_plans_look_at_changes (GstPixelPlans *self)
{
  gboolean begin = FALSE;

  GST_OBJECT_LOCK (self->element);
  if (self->touched && (self->started || self->is_starting)) {
    add_change (self, self->touched);
    begin = must_load (self);
  }
  self->touched = 0;
  GST_OBJECT_UNLOCK (self->element);
  if (begin)
    load_changes (self);
}

gboolean
gst_pixel_plans_start (GstPixelPlans *self, GError **error)
{
  GstPixelPlan plan = { 0 };
  GstPixelSettings wanted;
  gboolean begin = FALSE;

  GST_OBJECT_LOCK (self->element);
  gst_pixel_settings_copy (&self->wanted, &wanted);
  self->is_starting = TRUE;
  self->touched = 0;
  self->changes.n = 0;
  GST_OBJECT_UNLOCK (self->element);
  const gboolean ok = plan_load (self, &plan, &wanted, NULL, 0, error);
  GST_OBJECT_LOCK (self->element);
  self->is_starting = FALSE;
  if (ok) {
    self->current = plan;
    self->current.made_of.tensor_layouts = self->wanted.tensor_layouts;
    self->used_colour = self->colour;
    self->started = TRUE;
    self->n_runs++;
    begin = must_load (self);
  }
  GST_OBJECT_UNLOCK (self->element);
  if (begin)
    load_changes (self);
  if (!ok)
    plan_clear (&plan);
  return ok;
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

gboolean
gst_pixel_plans_fit (
    GstPixelPlans *self, const PixelnormLayout *layout, const GstCaps *outcaps, GError **error)
{
  GstPixelTarget target = { .layout = (PixelnormLayout *) layout };

  gst_pixel_caps_parse (outcaps, layout, gst_pixel_plans_tensor_layouts (self), &target.output,
      &target.tensor_layout);
  return gst_pixel_plans_fit_target (self, &target, error);
}

gboolean
gst_pixel_plans_fit_target (GstPixelPlans *self, const GstPixelTarget *target, GError **error)
{
  gboolean used = FALSE, fits = TRUE, begin = FALSE;

  while (fits && !used) {
    g_autoptr (GError) problem = NULL;
    GstPixelPlan outdated = { 0 };
    Workshop shop;

    GST_OBJECT_LOCK (self->element);
    workshop_open (&shop, self, target);
    shop.target.serial = ++self->n_targets;
    const guint n_taken = self->n_taken;
    GST_OBJECT_UNLOCK (self->element);

    if (!shop.base.settings)
      g_set_error_literal (&problem, PIXELNORM_ERROR, PIXELNORM_ERROR_SETTINGS,
          "Caps arrived before the element had started. Link it afterwards.");
    fits = shop.base.settings
        && (plan_fit (&shop.base, &shop.target, &problem) || workshop_make_changes (&shop, self));
    if (!fits)
      g_propagate_error (error, g_steal_pointer (&problem));
    GST_OBJECT_LOCK (self->element);
    used = fits && put_into_use (self, &shop, &outdated, n_taken);
    begin = used && must_load (self); /* what could not be may be with these caps */
    GST_OBJECT_UNLOCK (self->element);
    if (used) {
      GST_CAT_DEBUG_OBJECT (
          self->category, self->element, "plan %u made for these caps", self->target.serial);
      plan_carry_over (&self->current, &shop.base);
    }
    plan_clear (&outdated);
    workshop_close (&shop);
  }
  if (begin)
    load_changes (self);
  return used;
}

gboolean
gst_pixel_plans_is_fitted (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  const gboolean is_fitted = plan_is_fitted (&self->current);
  GST_OBJECT_UNLOCK (self->element);
  return is_fitted;
}

PixelnormStatisticsFlags
gst_pixel_plans_statistics (GstPixelPlans *self)
{
  GST_OBJECT_LOCK (self->element);
  const PixelnormStatisticsFlags statistics = self->current.statistics;
  GST_OBJECT_UNLOCK (self->element);
  return statistics;
}

static void
clear_outdated (GstElement *element, gpointer plan)
{
  plan_clear (plan);
}

/* Takes @plan. To give back the memory of large frames takes as long as two of them, for which the stream need not wait. */
static void
clear_elsewhere (GstPixelPlans *self, const GstPixelPlan *plan)
{
  GstPixelPlan *outdated = g_new (GstPixelPlan, 1);

  *outdated = *plan;
  gst_element_call_async (self->element, clear_outdated, outdated, g_free);
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
    clear_elsewhere (self, &old);
  }
  return applied;
}
