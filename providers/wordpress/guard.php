<?php
// What stands in a shop as long as a grant does: WordPress reads it at every request, before all plugins. Left behind it does nothing:
// it looks for the mark of a user that is gone. open.sh says what stands for the words in capitals.
/* stagepass: ends the access of grant @GRANT@ when its time is over, and keeps its user from changing who he is. It goes with that grant. */
if (!defined('ABSPATH')) { exit; }
call_user_func(function () {
    $ours = function ($id) { return $id && get_user_meta((int) $id, 'stagepass', true) === '@MARK@'; };
    $over = function ($id) use ($ours) { return time() >= STAGEPASS_END && $ours($id); };
    $no = function () { return new WP_Error('stagepass_over', 'This access is over.'); };
    $note = function ($user, $kind) {
        $id = $user->ID;
        if ($user->user_login === '@NAME@' && count(get_user_meta($id, 'stagepass_use')) < 500) {
            $from = isset($_SERVER['REMOTE_ADDR']) ? $_SERVER['REMOTE_ADDR'] : '-';
            $by = isset($_SERVER['HTTP_USER_AGENT']) ? $_SERVER['HTTP_USER_AGENT'] : '';
            add_user_meta($id, 'stagepass_use', substr(preg_replace('/[^\x21-\x7e]+/', ' ', time() . ' ' . $from . ' ' . $kind . ' ' . $by), 0, 200));
        }
    };
    add_action('wp_login', function ($name, $user) use ($ours, $note) { if ($ours($user->ID)) { $note($user, 'login'); } }, 1, 2);
    add_filter('authenticate', function ($user) use ($over, $no, $note) {
        if (!($user instanceof WP_User) || !$over($user->ID)) { return $user; }
        $note($user, 'refused');
        return $no();
    }, PHP_INT_MAX);
    add_filter('determine_current_user', function ($id) use ($over) { return $over($id) ? false : $id; }, PHP_INT_MAX);
    add_action('auth_cookie_valid', function ($cookie, $user) use ($over) { if ($over($user->ID)) { WP_Session_Tokens::get_instance($user->ID)->destroy_all(); } }, 1, 2);
    add_filter('user_has_cap', function ($rights, $asked, $about, $user = null) use ($over) { return $user && $over($user->ID) ? array() : $rights; }, PHP_INT_MAX, 4);
    add_filter('woocommerce_webhook_should_deliver', function ($should, $hook) use ($over) { return $over($hook->get_user_id()) ? false : $should; }, PHP_INT_MAX, 2);
    add_filter('allow_password_reset', function ($allowed, $id) use ($ours) { return $ours($id) ? false : $allowed; }, PHP_INT_MAX, 2);
    add_filter('wp_is_application_passwords_available_for_user', function ($may, $user) use ($ours) { return $ours($user->ID) ? false : $may; }, PHP_INT_MAX, 2);
    add_action('user_profile_update_errors', function ($errors, $update, $user) use ($ours) {
        if ($update && isset($user->ID) && $ours($user->ID) && $ours(get_current_user_id())) { $errors->add('stagepass', 'This user belongs to a temporary grant and is not changed.'); }
    }, PHP_INT_MAX, 3);
    add_filter('rest_pre_insert_user', function ($row) use ($ours) { if (isset($row->ID) && $ours($row->ID) && $ours(get_current_user_id())) { unset($row->user_pass, $row->user_email); } return $row; }, PHP_INT_MAX);
    foreach (array('users_can_register', 'default_role', 'admin_email', 'new_admin_email', 'siteurl', 'home', 'active_plugins', 'template', 'stylesheet', $GLOBALS['wpdb']->get_blog_prefix() . 'user_roles') as $option) {
        add_filter('pre_update_option_' . $option, function ($new, $old) use ($ours) { return $ours(get_current_user_id()) ? $old : $new; }, PHP_INT_MAX, 2);
    }
});
