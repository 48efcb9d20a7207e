<?php
// What makes the user of a grant, and changes it: by the shop, and by the rows alone. Only `open` and `update` are sent it.

final class Stagepass_Wordpress_Making extends Stagepass_Wordpress
{
    // What WordPress itself gives rights for. Of a manager of the shop these are left out, but for `read`: who may write posts or see
    // and change users can do more than look at a shop.
    private static function of_wordpress($right)
    {
        return preg_match('/_(posts|pages|users|customers|themes|plugins|files|options|core|comments|categories|links|network|sites|dashboard|languages|theme_options|privacy_options|personal_data)$/D', $right)
            || in_array($right, array('import', 'export', 'unfiltered_html', 'unfiltered_upload', 'upload_files', 'customize', 'update_core', 'edit_css', 'setup_network', 'upload_plugins', 'upload_themes'), true)
            || strpos($right, 'level_') === 0 || strpos($right, 'manage_network') === 0;
    }

    // MANAGER is what a manager of the shop may, or null where there is none. Whoever may change settings could make himself an
    // administrator by them: only beside the file that keeps him from it.
    private static function rights($manager)
    {
        $rights = array('read' => true);
        if ($manager === null) {
            $rights['manage_options'] = true;
            $manager = array();
        }
        foreach ($manager as $right => $given) {
            if ($given && !self::of_wordpress($right)) {
                $rights[$right] = true;
            }
        }
        if (Stagepass::told('guard') !== 'written') {
            unset($rights['manage_options']);
        }
        return $rights;
    }

    private static function say_grants($rights)
    {
        Stagepass::say('grants', isset($rights['manage_woocommerce']) ? 'shop' : (isset($rights['manage_options']) ? 'settings' : 'read'));
    }

    // Until here nobody knows its password.
    private static function still_in_time()
    {
        if (time() > (int) Stagepass::told('not_after')) {
            Stagepass::fail('too-late', 'The time limit of the request ran out on the server before the decisive step.');
        }
    }

    public function open()
    {
        $folder = Stagepass::told('guard_folder');
        if ($folder !== '' && $folder !== untrailingslashit(WPMU_PLUGIN_DIR)) {
            Stagepass::refuse('guard-elsewhere', 'The shop looks for what ends access in another folder than its settings say.');
        }
        $user = $this->user_to_be();
        $manager = get_role('shop_manager');
        $rights = self::rights($manager ? $manager->capabilities : null);
        remove_role(self::role());
        if (!add_role(self::role(), 'stagepass ' . self::mark(), $rights)) {
            Stagepass::fail('role-refused', 'The shop did not take the role of this grant.');
        }
        if (!$user) {
            $user = $this->make_user();
        }
        $id = (int) $user->ID;
        update_user_meta($id, 'stagepass', self::mark());
        $user = new WP_User($id);
        $user->set_role(self::role());
        self::still_in_time();
        $this->set_hash($id, Stagepass::told('hash'));
        Stagepass::say('user_id', $id);
        self::say_grants($rights);
        Stagepass::say('login_url', wp_login_url());
        Stagepass::say('admin_url', admin_url());
        Stagepass::say('version', $GLOBALS['wp_version']);
    }

    private function make_user()
    {
        $words = array('user_login' => Stagepass::told('account'), 'user_pass' => Stagepass::nobodys(), 'user_email' => self::address(),
            'display_name' => 'stagepass ' . Stagepass::told('grant'), 'nickname' => 'stagepass', 'role' => '', 'show_admin_bar_front' => 'false');
        $id = wp_insert_user($words);
        if (is_wp_error($id)) {
            Stagepass::fail('user-refused', 'The shop did not take a user of that name (' . preg_replace('/[^a-z_]/', '', (string) $id->get_error_code()) . ').');
        }
        if (is_multisite() && !is_user_member_of_blog($id)) {
            add_user_to_blog(get_current_blog_id(), $id, self::role());
        }
        return new WP_User($id);
    }

    public function update()
    {
        $user = self::user($ours);
        self::refuse_absent($user && $ours);
        update_user_meta($user->ID, 'stagepass', self::mark());
    }

    private static function refuse_absent($there)
    {
        if (!$there) {
            Stagepass::refuse('user-absent', 'The user ' . Stagepass::told('account') . ' is not there any more as it was made. Take it away and grant it again.');
        }
    }

    // A mark that is gone is put back by the shop, which may keep copies of such rows.
    public function update_by_rows()
    {
        if (!$this->connect()) {
            return;
        }
        $id = $this->row($ours);
        self::refuse_absent($id > 0 && $ours);
        Stagepass::say('marked', $this->marked($id));
    }

    // ---- by the rows ----------------------------------------------------------------------------

    public function open_by_rows()
    {
        $by_rows = $this->connect() && $this->only_rows() && $this->guards === Stagepass::told('guard_folder');
        Stagepass::say('by_rows', $by_rows);
        if (!$by_rows) {
            return;
        }
        $this->say_state();
        $id = $this->row($ours);
        self::refuse_taken($id > 0 && !$ours, $this->value('SELECT user_login FROM ' . $this->users . ' WHERE user_email = ? AND ID <> ?', array(self::address(), $id)));
        $roles = $this->roles($text);
        $rights = self::rights(isset($roles['shop_manager']['capabilities']) ? (array) $roles['shop_manager']['capabilities'] : null);
        Stagepass::say('began', true);
        if (!$this->change_role(array('name' => 'stagepass ' . self::mark(), 'capabilities' => $rights))) {
            Stagepass::fail('role-refused', 'The shop did not take the role of this grant.');
        }
        $words = array('stagepass' => self::mark(), $this->table('capabilities') => serialize(array(self::role() => true)), $this->table('user_level') => '0');
        $id = $id > 0 ? $this->renew_user($id, $words) : $this->insert_user($words);
        self::still_in_time();
        $this->direct->change('UPDATE ' . $this->users . " SET user_pass = ?, user_activation_key = '' WHERE ID = ?", array(Stagepass::told('hash'), $id));
        Stagepass::say('user_id', $id);
        self::say_grants($rights);
    }

    // As wp_insert_user() writes it.
    private function insert_user($words)
    {
        $nice = substr(strtolower(str_replace('.', '-', Stagepass::told('account'))), 0, 40);
        $nice .= $this->count($this->users . ' WHERE user_nicename = ?', array($nice)) > 0 ? '-' . substr(Stagepass::told('grant'), -9) : '';
        $row = array(Stagepass::told('account'), '!' . Stagepass::nobodys(), $nice, self::address(), gmdate('Y-m-d H:i:s'), 'stagepass ' . Stagepass::told('grant'));
        $this->direct->change('INSERT INTO ' . $this->users . " (user_login, user_pass, user_nicename, user_email, user_url, user_registered, user_activation_key, user_status, display_name) VALUES (?, ?, ?, ?, '', ?, '', 0, ?)", $row);
        $id = $this->row($ours);
        if ($id <= 0 || !$ours) {
            Stagepass::fail('user-refused', 'The database did not take a user of that name.');
        }
        $words += array('nickname' => 'stagepass', 'first_name' => '', 'last_name' => '', 'description' => '', 'rich_editing' => 'true', 'syntax_highlighting' => 'true',
            'comment_shortcuts' => 'false', 'admin_color' => 'fresh', 'use_ssl' => '0', 'show_admin_bar_front' => 'false', 'locale' => '', 'dismissed_wp_pointers' => '');
        $this->insert_meta($id, $words);
        return $id;
    }

    // One that an open before this one made, by whatever way.
    private function renew_user($id, $words)
    {
        $this->direct->change('DELETE FROM ' . $this->meta . ' WHERE user_id = ? AND meta_key IN (?, ?, ?)', array_merge(array($id), array_keys($words)));
        $this->insert_meta($id, $words);
        return $id;
    }

    // At once: each statement waits for the disk.
    private function insert_meta($id, $words)
    {
        $bound = array();
        foreach ($words as $key => $value) {
            array_push($bound, $id, $key, $value);
        }
        $this->direct->change('INSERT INTO ' . $this->meta . ' (user_id, meta_key, meta_value) VALUES ' . implode(', ', array_fill(0, count($words), '(?, ?, ?)')), $bound);
    }
}
